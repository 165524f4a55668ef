/** Makes the web view: `node build.mjs build` into lineage_server/static/ui, `node build.mjs check` its checks,
 * `node build.mjs bench` the page of the benchmarks (it says where it is).
 *
 * Packages and results lie in the XDG cache, each under the digest of what it is made from, so that another
 * checkout, and a second run, find them done. `npm` is the one that comes with this Node.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const HERE = dirname(fileURLToPath(import.meta.url));
const CONTRACT = join(HERE, "..", "graphql");
const STATIC = join(HERE, "..", "lineage_server", "static");
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lineage-server");
const NPM = join(dirname(process.execPath), "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
const GENERATED = join(HERE, "src", "gql");
const MEASURED = join(HERE, "bench");
const COMPRESSED = /\.(js|css|html|svg|wasm)$/;
const KEPT_BUILDS = 5;

const files = (place) =>
  statSync(place).isDirectory() ? readdirSync(place).toSorted().flatMap((name) => files(join(place, name))) : [place];

function digestOf(...places) {
  const digest = createHash("sha256").update(process.version);
  for (const file of places.flatMap(files)) digest.update(file.slice(HERE.length)).update(readFileSync(file));
  return digest.digest("hex").slice(0, 16);
}

const PACKAGES = ["package.json", "package-lock.json", ".npmrc"].map((name) => join(HERE, name));

/** Everything that the result depends on; generated code follows from the contract. */
function sources() {
  const own = readdirSync(HERE)
    .filter((name) => !["node_modules", "dist", "src"].includes(name))
    .map((name) => join(HERE, name));
  const code = readdirSync(join(HERE, "src"))
    .map((name) => join(HERE, "src", name))
    .filter((place) => place !== GENERATED);
  return [...own, ...code, CONTRACT].toSorted();
}

/** Ends this program with the command's own words where it fails. */
function run(program, args, options = {}) {
  const done = spawnSync(process.execPath, [program, ...args], { cwd: HERE, encoding: "utf8", ...options });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}\n`);
  process.exit(1);
}

/** Fills a folder of the cache once: aside, then renamed, so that whoever else does it at the same time is no harm. */
function once(folder, fill) {
  if (existsSync(folder)) return folder;
  const aside = `${folder}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  fill(aside);
  if (existsSync(folder)) rmSync(aside, { recursive: true });
  else renameSync(aside, folder);
  return folder;
}

function installed() {
  const link = join(HERE, "node_modules");
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isDirectory()) return; // somebody's own `npm install`
  const folder = once(join(CACHE, `ui-packages-${digestOf(...PACKAGES)}`), (aside) => {
    for (const file of PACKAGES) cpSync(file, join(aside, file.slice(HERE.length)));
    run(NPM, ["ci", "--ignore-scripts", "--maxsockets", "6", "--loglevel", "error"], { cwd: aside });
  });
  if (found) rmSync(link);
  symlinkSync(join(folder, "node_modules"), link);
}

const tool = (...parts) => join(HERE, "node_modules", ...parts);

function generated() {
  const stamp = join(GENERATED, ".made-from");
  const digest = digestOf(CONTRACT, join(HERE, "codegen.ts"), ...PACKAGES);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  run(tool("@graphql-codegen", "cli", "cjs", "bin.js"), ["--config", "codegen.ts", "--errors-only"]);
  writeFileSync(stamp, digest);
}

function compress(folder) {
  for (const file of files(folder).filter((name) => COMPRESSED.test(name))) {
    const content = readFileSync(file);
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }));
  }
}

/** The cache keeps the last few results. */
function tidy(pattern) {
  const age = (name) => statSync(join(CACHE, name)).mtimeMs;
  const built = readdirSync(CACHE).filter((name) => pattern.test(name)).toSorted((a, b) => age(b) - age(a));
  for (const name of built.slice(KEPT_BUILDS)) rmSync(join(CACHE, name), { recursive: true, force: true });
}

function build() {
  const target = join(STATIC, "ui");
  const digest = digestOf(...sources().filter((place) => place !== MEASURED));
  const stamp = join(target, ".made-from");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  installed();
  const made = once(join(CACHE, `ui-built-${digest}`), (aside) => {
    generated();
    run(tool("vite", "bin", "vite.js"), ["build", "--outDir", aside, "--emptyOutDir", "--logLevel", "error"]);
    compress(aside);
    writeFileSync(join(aside, ".made-from"), digest);
  });
  const aside = `${target}.${process.pid}`;
  cpSync(made, aside, { recursive: true });
  rmSync(target, { recursive: true, force: true });
  renameSync(aside, target);
  tidy(/^ui-built-\w+$/);
}

function bench() {
  installed();
  const made = once(join(CACHE, `ui-bench-${digestOf(...sources())}`), (aside) => {
    generated();
    const into = ["--outDir", aside, "--emptyOutDir", "--logLevel", "error"];
    run(tool("vite", "bin", "vite.js"), ["build", "bench", "--config", "vite.config.ts", ...into]);
  });
  tidy(/^ui-bench-\w+$/);
  process.stdout.write(`${made}\n`);
}

function check() {
  const stamp = join(CACHE, `ui-checked-${digestOf(...sources())}`);
  installed();
  generated();
  if (existsSync(stamp)) return;
  run(tool("typescript", "bin", "tsc"), []);
  run(tool("oxlint", "bin", "oxlint"), ["--deny-warnings"]);
  run(tool("vitest", "vitest.mjs"), ["run", "--reporter", "dot", "--maxWorkers", "2"]);
  writeFileSync(stamp, "");
}

const COMMANDS = { build, bench, check };
const command = COMMANDS[process.argv[2]];
if (!command) {
  process.stderr.write(`node build.mjs ${Object.keys(COMMANDS).join(" | ")}\n`);
  process.exit(2);
}
command();
