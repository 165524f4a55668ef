// GraphQL's own page: every operation is asked as a stream of events, so that queries, mutations and
// subscriptions go one way. Nothing is loaded from, or sent to, anywhere but this server.
"use strict";

const FIRST = `# The newest runs, and what each of them wrote.
{
  runs(first: 10) {
    edges {
      node {
        uid
        name
        state
        startedAt
        outputs {
          edges { node { version { uid name } } }
        }
      }
    }
  }
}
`;
const MOST_ANSWERS = 50; // of a subscription, kept on the page

const find = (id) => document.getElementById(id);
const query = find("query"), variables = find("variables"), token = find("token");
const answer = find("answer"), schema = find("schema"), search = find("search");

let running = null; // what stops the operation that runs
let enums = new Map(); // name → first value, for variables of examples

function tell(words, wrong = false) {
  find("status").textContent = words;
  find("status").classList.toggle("wrong", wrong);
}

// --- asking ---------------------------------------------------------------------------------------

function readVariables() {
  const text = variables.value.trim();
  if (!text) return {};
  const read = JSON.parse(text);
  if (read === null || typeof read !== "object" || Array.isArray(read)) {
    throw new Error("they are a JSON object, such as {\"uid\": \"run:…\"}");
  }
  return read;
}

// Of several operations the one that the cursor is in.
function operationName() {
  const told = query.value.replace(/#[^\n]*/g, (comment) => " ".repeat(comment.length));
  const starts = [...told.matchAll(/^(?:query|mutation|subscription)\s+(\w+)/gm)];
  const before = starts.filter((start) => start.index <= query.selectionStart);
  return starts.length > 1 ? (before.at(-1) ?? starts[0])[1] : undefined;
}

async function run() {
  let told;
  try {
    told = readVariables();
  } catch (error) {
    return tell(`The variables cannot be read: ${error.message}`, true);
  }
  running?.abort();
  const mine = running = new AbortController();
  const began = performance.now();
  const share = new URLSearchParams({ query: query.value });
  if (variables.value.trim()) share.set("variables", variables.value);
  history.replaceState(null, "", `#${share}`);
  sessionStorage.setItem("token", token.value);
  find("stop").hidden = false;
  answer.textContent = "";
  tell("asking …");
  try {
    const [count, failed] = await ask(told, mine.signal, (one) => show(one, began));
    const seconds = ((performance.now() - began) / 1000).toFixed(2);
    const many = count > 1 ? `, ${count} answers` : "";
    tell(failed ? `an error, after ${seconds} s${many}` : `done after ${seconds} s${many}`, failed);
  } catch (error) {
    if (mine !== running) return; // the next one speaks
    tell(mine.signal.aborted ? "stopped" : `no answer: ${error.message}`, !mine.signal.aborted);
  } finally {
    if (mine === running) find("stop").hidden = true;
  }
}

// Resolves to how many answers came, and whether the last one was an error.
async function ask(told, signal, each) {
  const headers = { "content-type": "application/json", accept: "text/event-stream" };
  if (token.value.trim()) headers.authorization = `Bearer ${token.value.trim()}`;
  const body = JSON.stringify({ query: query.value, variables: told, operationName: operationName() });
  const response = await fetch("/graphql", { method: "POST", headers, body, signal });
  let count = 0, failed = false;
  const take = (text) => {
    const one = JSON.parse(text);
    count += 1;
    failed = Boolean(one.errors ?? one.error);
    if (response.status === 401) token.focus();
    each(one);
  };
  if (!response.headers.get("content-type").startsWith("text/event-stream")) {
    const text = await response.text(); // refused before it came to an operation
    try {
      take(text);
    } catch {
      throw new Error(text.slice(0, 500));
    }
    return [count, failed];
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return [count, failed];
    const events = (rest + value).split("\r\n\r\n");
    rest = events.pop();
    for (const event of events) {
      const lines = event.split("\r\n");
      if (lines[0] === "event: next") take(lines[1].slice("data: ".length));
    }
  }
}

function show(one, began) {
  const text = JSON.stringify(one, null, 2);
  if (!answer.firstChild) {
    answer.append(text);
  } else {
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    answer.prepend(`${text}\n\n`); // the newest on top
    tell(`listening; the last answer came after ${seconds} s`);
    while (answer.childNodes.length > MOST_ANSWERS) answer.lastChild.remove();
  }
}

// --- examples: the operations that this server always answers ---------------------------------------

function blankVariables(text) {
  const head = text.match(/^\w+ \w+\(([^)]*)\)/)?.[1] ?? "";
  const blank = {};
  for (const [, name, type] of head.matchAll(/\$(\w+): (\[?\w+!?\]?!)(?=,|$)/g)) {
    const bare = type.replace(/[[\]!]/g, "");
    const value = enums.get(bare) ?? { Int: 0, Float: 0, Boolean: false, String: "" }[bare] ?? {};
    blank[name] = type.startsWith("[") ? [value] : value;
  }
  return Object.keys(blank).length ? JSON.stringify(blank, null, 2) : "";
}

async function loadExamples() {
  const texts = await (await fetch("/graphql/operations")).json();
  const examples = find("examples");
  examples.append(...Object.keys(texts).map((name) => new Option(name, name)));
  examples.addEventListener("change", async () => {
    if (!examples.value) return;
    await loaded;
    query.value = texts[examples.value];
    variables.value = blankVariables(query.value);
    examples.value = "";
    (variables.value ? variables : query).focus();
  });
}

// --- the schema, its types linked ---------------------------------------------------------------------

async function loadSchema() {
  const text = await (await fetch("/graphql/schema")).text();
  const kind = /^(?:type|interface|enum|input|scalar|union) (\w+)/m;
  const blocks = text.trim().split(/\n\n(?=\S)/).filter((block) => kind.test(block));
  const names = new Set(blocks.map((block) => block.match(kind)[1]));
  const first = ["Query", "Mutation", "Subscription"];
  const rank = (block) => first.indexOf(block.match(kind)[1]);
  const roots = blocks.filter((block) => rank(block) >= 0).sort((a, b) => rank(a) - rank(b));
  for (const block of [...roots, ...blocks.filter((block) => rank(block) < 0)]) {
    const name = block.match(kind)[1];
    const value = block.match(/^enum \w+ \{\s+(?:"""[^"]*"""\s+)?(\w+)/m)?.[1];
    if (value) enums.set(name, value);
    const part = document.createElement("div");
    part.id = `type-${name}`;
    for (const piece of block.split(/("""[^]*?""")/)) {
      if (piece.startsWith('"""')) part.append(words(piece));
      else part.append(...piece.split(/(\w+)/).map((word) => (names.has(word) ? link(word) : word)));
    }
    schema.append(part);
  }
}

function words(piece) {
  const part = document.createElement("span");
  part.className = "words";
  part.textContent = `# ${piece.slice(3, -3).trim()}`;
  return part;
}

function link(name) {
  const part = document.createElement("a");
  part.textContent = name;
  part.href = `#type-${name}`;
  part.addEventListener("click", (event) => {
    event.preventDefault(); // the address keeps the query
    search.value = "";
    filter();
    find(`type-${name}`).scrollIntoView();
  });
  return part;
}

function filter() {
  const wanted = search.value.trim().toLowerCase();
  for (const part of schema.children) part.hidden = !part.textContent.toLowerCase().includes(wanted);
}

// --- the page -------------------------------------------------------------------------------------------

const told = new URLSearchParams(location.hash.slice(1));
query.value = told.get("query") ?? FIRST;
variables.value = told.get("variables") ?? "";
token.value = sessionStorage.getItem("token") ?? "";

find("run").addEventListener("click", run);
find("stop").addEventListener("click", () => running?.abort());
search.addEventListener("input", filter);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    run();
  }
});
find("show").addEventListener("click", () => {
  const part = find("documentation");
  part.hidden = !part.hidden;
  part.parentElement.classList.toggle("wide", !part.hidden);
  find("show").setAttribute("aria-pressed", String(!part.hidden));
  if (!part.hidden) search.focus();
});
const loaded = loadSchema();
const all = Promise.all([loaded, loadExamples()]);
all.catch((error) => tell(`the schema cannot be shown: ${error.message}`, true));
query.setSelectionRange(0, 0); // else some browsers show the end of the example
query.focus();
