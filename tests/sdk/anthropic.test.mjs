// The SDK `@anthropic-ai/sdk`, as it is published, with rotad as its base URL.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import {
  all_of, counting, data, failure, house, impatient,
} from "./house.mjs";

const ask = {
  model: "claude-sonnet-4-6", max_tokens: 100,
  messages: [{ role: "user", content: "What is the longest river?" }],
};

function client_of(home, more = {}) {
  return new Anthropic({
    apiKey: "any", baseURL: home.url, maxRetries: 0, timeout: 20_000,
    ...more,
  });
}

test("messages, whole and streamed", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const whole = await client.messages.create(ask);
  assert.equal(whole.role, "assistant");
  assert.ok(whole.content[0].text.length > 100);
  assert.equal(whole.usage.output_tokens, 64);

  const events = await all_of(
    await client.messages.create({ ...ask, stream: true }));
  assert.equal(events[0].type, "message_start");
  assert.equal(events.at(-1).type, "message_stop");

  let text = "";
  const stream = client.messages.stream(ask).on("text", (x) => (text += x));
  const last = await stream.finalMessage();
  assert.equal(last.content[0].text, text);
  assert.ok(text.length > 100);
  assert.equal(last.usage.output_tokens, 64);
  await home.check_books();
});

test("tokens are counted, by an account or by estimate", async (t) => {
  const { max_tokens, ...asked } = ask;
  for (const provider of ["sub2api", "new_api"]) {
    const home = await house(t, "", "", provider);
    const counted = await client_of(home).messages.countTokens(asked);
    assert.ok(counted.input_tokens > 5, provider);
    assert.ok(counted.input_tokens < 40, provider);
    assert.equal((await home.books()).calls, provider === "new_api" ? 0 : 1);
    await home.check_books();
  }
});

test("the list of models", async (t) => {
  const home = await house(t);
  const models = await all_of(client_of(home).models.list());
  assert.ok(models.some((x) => x.id === ask.model && x.type === "model"));
});

test("caches are booked at their own prices", async (t) => {
  const home = await house(t, `
replies: {cached_share: 0.5, cache_write_share: 0.4, cache_write_1h_share: 0.5}
`);
  const client = client_of(home);
  const asked = { ...ask, system: "You know rivers. ".repeat(200) };
  const whole = await client.messages.create(asked);
  assert.ok(whole.usage.cache_read_input_tokens > 100);
  assert.ok(whole.usage.cache_creation_input_tokens > 100);
  await client.messages.stream(asked).finalMessage();
  await home.check_books();
});

test("tool calls, whole and streamed", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const tools = [{ name: "get_weather", input_schema: {
    type: "object", properties: { city: { type: "string" } },
  } }];
  await home.script([{ match: {}, action: {
    status: 200, content_type: "text/event-stream",
    body_file: path.join(data, "wire/anthropic/messages_stream_tool_use.sse"),
  } }]);
  const last = await client.messages.stream({ ...ask, tools }).finalMessage();
  assert.equal(last.stop_reason, "tool_use");
  assert.deepEqual(last.content.map((x) => [x.type, x.name, x.input]),
                   [["tool_use", "get_weather", { city: "Lyon" }]]);

  const content = [{
    type: "tool_use", id: "toolu_1", name: "get_weather",
    input: { city: "Lyon" },
  }];
  await home.script([{ match: {}, action: {
    status: 200, content_type: "application/json", body: JSON.stringify({
      id: "msg_1", type: "message", role: "assistant", model: ask.model,
      content, stop_reason: "tool_use", stop_sequence: null,
      usage: { input_tokens: 9, output_tokens: 5 },
    }),
  } }]);
  const whole = await client.messages.create({ ...ask, tools });
  assert.deepEqual(whole.content, content);
});

test("a bad account is not seen", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const broken = path.join(data, "wire/anthropic");
  for (const action of [
    { status: 401 }, { status: 529 }, { status: 500 }, { empty: true },
    { html: true }, { reset: "before_headers" },
    { status: 200, content_type: "text/event-stream",
      body_file: path.join(broken, "messages_stream_error_first.sse") },
  ]) {
    await home.script([{ match: { account: "a" }, action }]);
    const last = await client.messages.stream(ask).finalMessage();
    assert.ok(last.content[0].text.length > 100);
    if (action.status !== 200) {
      const whole = await client.messages.create(ask);
      assert.ok(whole.content[0].text.length > 100);
    }
  }
});

test("errors have the types that the SDK knows", async (t) => {
  const home = await house(t, "", impatient);
  const client = client_of(home);
  const error = (more = {}) => failure(
    client.messages.create({ ...ask, ...more }));
  const from_file = (status, name) => home.script([{ match: {}, action: {
    status, body_file: path.join(data, "wire/errors", name) } }]);

  const missing = await error({ model: "nobody-has-this" });
  assert.ok(missing instanceof Anthropic.NotFoundError, missing);
  assert.equal(missing.error.error.type, "not_found_error");

  await from_file(400, "anthropic_prompt_too_long_400.json");
  assert.ok(await error() instanceof Anthropic.BadRequestError);

  await home.script([{ match: {}, action: { status: 500 } }]);
  for (const stream of [false, true])
    assert.ok(await error({ stream }) instanceof
              Anthropic.InternalServerError);

  await from_file(429, "anthropic_rate_limit_429.json");
  assert.ok(await error() instanceof Anthropic.RateLimitError);

  await from_file(529, "anthropic_overloaded_529.json");
  const busy = await error();
  assert.ok(busy instanceof Anthropic.InternalServerError, busy);
  assert.equal(busy.status, 529);
  assert.equal(busy.error.error.type, "overloaded_error");

  // A refused key is not used again, so this comes last.
  await home.script([{ match: {}, action: { status: 401 } }]);
  for (let i = 0; i < 2; ++i) {
    const x = await error();
    assert.ok(x instanceof Anthropic.InternalServerError, x);
    assert.equal(x.status, 503);
  }
});

test("the SDK repeats what may be repeated, and only that", async (t) => {
  const home = await house(t, "", impatient);
  const fetch = counting();
  const client = client_of(home, { fetch, maxRetries: 2 });
  await home.script([{ match: { times: 2 }, action: { status: 500 } }]);
  const x = await client.messages.create(ask);
  assert.ok(x.content[0].text.length > 100);
  assert.equal(fetch.calls, 2);

  fetch.calls = 0;
  await failure(client.messages.create({ ...ask, model: "nobody-has-this" }));
  assert.equal(fetch.calls, 1);
  await home.check_cover();
});

test("a stream that breaks raises an error", async (t) => {
  const home = await house(t);
  await home.script([{ match: {}, action: { truncate: 900 } }]);
  const x = await failure(client_of(home).messages.stream(ask).finalMessage());
  assert.ok(x instanceof Anthropic.APIError, x);
  assert.match(x.message, /broke its answer off/);
  await home.check_cover();
});

test("a stream may be left", async (t) => {
  const home = await house(t);
  await home.script([
    { match: { times: 1 }, action: { stall: "1h", at_byte: 900 } }]);
  const client = client_of(home);
  const stream = client.messages.stream(ask);
  stream.on("text", () => stream.abort());
  assert.ok(await failure(stream.finalMessage()) instanceof
            Anthropic.APIUserAbortError);
  await home.check_cover();
  const x = await client.messages.create(ask);
  assert.ok(x.content[0].text.length > 100);
  await home.check_cover();
});
