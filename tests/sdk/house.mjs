// The real binaries for one test: a simulator, a daemon before it, `rota`.
// Ports are free ones, and nothing is left behind.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const bin = process.env.ROTA_BIN_DIR;
export const data = process.env.ROTA_TEST_DATA;
const run = promisify(execFile);

const money = `
prices:
  gpt-5-mini: {input: 0.25, output: 2, cache_read: 0.025}
  claude-sonnet-4-6: {input: 3, output: 15, cache_read: 0.3, cache_write_5m: 3.75, cache_write_1h: 6}
  gemini-2.5-flash: {input: 0.3, output: 2.5, cache_read: 0.03}
  text-embedding-3-small: {input: 0.02}
  gemini-embedding-001: {input: 0.15}
  gpt-image-1: {input: 5, output: 0, media_input: 10, media_output: 40}
  tts-1: {input: 0, character: 0.000015}
  whisper-1: {input: 0, second: 0.0001}
  gpt-4o-transcribe: {input: 2.5, media_input: 6, output: 10}
  omni-moderation-latest: {input: 0}
accounts:
  - {name: a, key: key-a, balance: 30.00}
  - {name: b, key: key-b, balance: 20.00}
`;

const account = (name, balance, provider) => `
  - name: ${name}
    provider: ${provider}
    base_url: SIM
    api_key: env:KEY_${name.toUpperCase()}
    balance: {initial: ${balance}}
    models: [gpt-5-mini, claude-sonnet-4-6, gemini-2.5-flash, text-embedding-3-small, gemini-embedding-001, gpt-image-1, tts-1, whisper-1, gpt-4o-transcribe, omni-moderation-latest]`;

/** Asks again until `question` gives something true, for 20 s. */
export async function eventually(what, question) {
  const end = Date.now() + 20_000;
  for (;;) {
    const answer = await question();
    if (answer)
      return answer;
    if (Date.now() > end)
      throw new Error(`waited in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** USD as text, as a whole number of nanodollars. */
export function nanos(usd) {
  const [, sign, whole, part = ""] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(usd);
  return BigInt(sign + whole + part.padEnd(9, "0"));
}

class House {
  children = [];

  constructor(dir) {
    this.dir = dir;
  }

  spawn(program, args, env = {}) {
    const child = spawn(path.join(bin, program), args, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.said = "";
    child.stderr.on("data", (x) => (child.said += x));
    this.children.push(child);
    return child;
  }

  /** What `rota ... --json` prints. */
  async ask(...words) {
    const { stdout } = await run(path.join(bin, "rota"), [
      "--socket", path.join(this.dir, "rotad.sock"), ...words, "--json",
    ]);
    return JSON.parse(stdout);
  }

  /** The simulator's own books. */
  async books() {
    return (await fetch(`${this.sim}/sim/books`)).json();
  }

  /** Another script for the simulator. */
  async script(rules) {
    const reply = await fetch(`${this.sim}/sim/script`, {
      method: "POST", body: JSON.stringify(rules),
    });
    assert.equal(reply.status, 200, await reply.text());
  }

  /** Waits until nothing is under way; returns the accounts by name. */
  async settled() {
    const all = await eventually("all calls are settled", async () => {
      const list = await this.ask("accounts");
      return list.every((x) => x.in_flight === 0) && list;
    });
    return Object.fromEntries(all.map((x) => [x.name, x]));
  }

  /** The daemon's books are the simulator's, and nothing is held back. */
  async check_books() {
    const mine = await this.settled();
    for (const theirs of (await this.books()).accounts) {
      const x = mine[theirs.name];
      assert.equal(x.in_doubt, 0, JSON.stringify(x));
      assert.equal(nanos(x.held), 0n, JSON.stringify(x));
      assert.equal(nanos(x.spent), nanos(theirs.charged));
    }
  }

  /** Whatever was charged is booked, or still held because it is in doubt. */
  async check_cover() {
    const mine = await this.settled();
    for (const theirs of (await this.books()).accounts) {
      const x = mine[theirs.name];
      const doubted = x.in_doubt > 0 ? nanos(x.held) : 0n;
      assert.ok(nanos(x.spent) + doubted >= nanos(theirs.charged),
                JSON.stringify([x, theirs]));
      assert.ok(nanos(x.spent) <= nanos(theirs.charged), JSON.stringify(x));
      if (x.in_doubt === 0)
        assert.equal(nanos(x.spent), nanos(theirs.charged));
    }
  }

  async start(sim, pool, kind) {
    const file = (name) => path.join(this.dir, name);
    await writeFile(file("sim.yaml"), `listen: 127.0.0.1:0\n${money}${sim}`);
    const provider = this.spawn("rota-sim", [
      "--config", file("sim.yaml"), "--port-file", file("port")]);
    const port = await eventually("the simulator listens", async () => {
      assert.equal(provider.exitCode, null, provider.said);
      return readFile(file("port"), "utf8").catch(() => "");
    });
    this.sim = `http://127.0.0.1:${port.trim()}`;
    const accounts = account("a", "30.00", kind)
      + account("b", "20.00", kind);
    await writeFile(file("rota.yaml"), `
state_dir: ${file("state")}
listen: 127.0.0.1:0
admin: {socket: ${file("rotad.sock")}}
${pool}
accounts:${accounts.replaceAll("SIM", this.sim)}
`);
    const daemon = this.spawn("rotad", ["--config", file("rota.yaml")],
                              { KEY_A: "key-a", KEY_B: "key-b" });
    const status = await eventually("rotad is ready", async () => {
      assert.equal(daemon.exitCode, null, daemon.said);
      return this.ask("status").catch(() => null);
    });
    this.url = `http://${status.listen}`;
  }

  async stop() {
    for (const child of this.children.reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((next) => child.once("exit", next));
        child.kill("SIGTERM");
        await gone;
      }
    }
    await rm(this.dir, { recursive: true, force: true });
  }
}

/**
 * Starts a house for the running test `t` and stops it at its end.
 * `sim` and `pool` are added to the simulator's and the daemon's file;
 * `provider` is what the accounts speak.
 */
export async function house(t, sim = "", pool = "", provider = "new_api") {
  const dir = await mkdtemp(path.join(tmpdir(), "rota-sdk."));
  const result = new House(dir);
  t.after(() => result.stop());
  await result.start(sim, pool, provider);
  return result;
}

/** A fetch that counts the requests which an SDK makes. */
export function counting() {
  const counted = (...args) => {
    ++counted.calls;
    return fetch(...args);
  };
  counted.calls = 0;
  return counted;
}

/** All that an async iterable brings. */
export async function all_of(stream) {
  const result = [];
  for await (const x of stream)
    result.push(x);
  return result;
}

/** The error that a promise ends with. */
export function failure(promise) {
  return promise.then(
    (x) => assert.fail(`it came back: ${JSON.stringify(x)}`), (x) => x);
}

/** A pool that tries each of its accounts once and forgives at once. */
export const impatient = `
routing: {attempts: 2, backoff_base: 10ms}
health: {cooldown_base: 100ms, cooldown_max: 100ms}
`;
