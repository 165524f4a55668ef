/** Where the page after this one begins; null after the last. */
export const pageAfter = ({ hasNextPage, endCursor }: { hasNextPage: boolean; endCursor: string | null }): string | null =>
  hasNextPage ? endCursor : null;
