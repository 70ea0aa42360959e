// The SDK `openai`, as it is published, with rotad as its base URL.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import OpenAI, { toFile } from "openai";
import {
  all_of, counting, data, failure, house, impatient,
} from "./house.mjs";

const model = "gpt-5-mini";
const messages = [{ role: "user", content: "What is the longest river?" }];

function client_of(home, more = {}) {
  return new OpenAI({
    apiKey: "any", baseURL: `${home.url}/v1`, maxRetries: 0, timeout: 20_000,
    ...more,
  });
}

test("chat, whole and streamed", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const whole = await client.chat.completions.create({ model, messages });
  assert.equal(whole.choices[0].message.role, "assistant");
  assert.ok(whole.choices[0].message.content.length > 100);
  assert.equal(whole.usage.completion_tokens, 64);

  const chunks = await all_of(await client.chat.completions.create(
    { model, messages, stream: true }));
  const text = chunks.map((x) => x.choices[0].delta.content ?? "").join("");
  assert.ok(text.length > 100);
  assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  // Nobody asked for usage, so nobody gets it.
  assert.ok(chunks.every((x) => !x.usage));

  const counted = await all_of(await client.chat.completions.create({
    model, messages, stream: true, stream_options: { include_usage: true },
  }));
  assert.equal(counted.at(-1).usage.completion_tokens, 64);
  await home.check_books();
});

test("responses, whole and streamed", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const whole = await client.responses.create({ model, input: "hello" });
  assert.equal(whole.status, "completed");
  assert.ok(whole.output_text.length > 100);

  const stream = client.responses.stream({ model, input: "hello" });
  let text = "";
  stream.on("response.output_text.delta", (x) => (text += x.delta));
  const last = await stream.finalResponse();
  assert.equal(last.output_text, text);
  assert.equal(last.usage.output_tokens, 64);
  await home.check_books();
});

test("embeddings and the list of models", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const ask = { model: "text-embedding-3-small", input: ["one", "two"] };
  // The SDK asks for base64 by itself and reads it.
  const packed = await client.embeddings.create(ask);
  assert.equal(packed.data.length, 2);
  const plain = await client.embeddings.create(
    { ...ask, encoding_format: "float" });
  for (const x of [...packed.data, ...plain.data]) {
    assert.equal(x.embedding.length, 8);
    assert.ok(x.embedding.every((y) => Math.abs(y) <= 1), x.embedding);
  }
  const models = await all_of(client.models.list());
  assert.ok(models.some((x) => x.id === model));
  await home.check_books();
});

test("responses are found again, cancelled and deleted", async (t) => {
  const home = await house(t, "style: openai", `
routing: {strategy: round_robin, affinity_ttl: 0s}
`, "openai");
  const client = client_of(home);
  for (let i = 0; i < 4; ++i) { // Both accounts, in turn.
    const made = await client.responses.create({ model, input: "hello" });
    const same = await client.responses.retrieve(made.id);
    assert.equal(same.output_text, made.output_text);
    const next = await client.responses.create(
      { model, input: "more", previous_response_id: made.id });
    assert.equal(next.previous_response_id, made.id);
    assert.deepEqual(
      await all_of(client.responses.inputItems.list(made.id)), []);
    assert.ok(await failure(client.responses.cancel(made.id)) instanceof
              OpenAI.BadRequestError);
    await client.responses.delete(made.id);
    assert.ok(await failure(client.responses.retrieve(made.id)) instanceof
              OpenAI.NotFoundError);
  }
  assert.ok(await failure(client.responses.retrieve("resp_x")) instanceof
            OpenAI.NotFoundError);
  const lost = await failure(client.responses.create(
    { model, input: "more", previous_response_id: "resp_x" }));
  assert.ok(lost instanceof OpenAI.BadRequestError, lost);
  assert.equal(lost.code, "previous_response_not_found");
  const packed = await client.responses.compact({ model, input: "hello" });
  assert.equal(packed.object, "response.compaction");
  await home.check_books();
});

test("completions and moderations", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const whole = await client.completions.create({ model, prompt: "hello" });
  assert.ok(whole.choices[0].text.length > 100);
  const chunks = await all_of(await client.completions.create(
    { model, prompt: "hello", stream: true }));
  assert.ok(chunks.map((x) => x.choices[0].text).join("").length > 100);
  const judged = await client.moderations.create({ input: ["a", "b"] });
  assert.equal(judged.results.length, 2);
  assert.equal(judged.results[0].flagged, false);
  await home.check_books();
});

test("images, made and edited", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const ask = { model: "gpt-image-1", prompt: "a river" };
  const made = await client.images.generate({ ...ask, n: 2 });
  assert.equal(made.data.length, 2);
  assert.ok(made.data[0].b64_json);
  const events = await all_of(
    await client.images.generate({ ...ask, stream: true }));
  assert.deepEqual(events.map((x) => x.type), [
    "image_generation.partial_image", "image_generation.completed"]);
  const image = await toFile(Buffer.alloc(500, 7), "a.png",
                             { type: "image/png" });
  const edited = await client.images.edit({ ...ask, image });
  assert.equal(edited.data.length, 1);
  assert.equal(edited.usage.input_tokens_details.image_tokens, 323);
  await home.check_books();
});

test("audio, spoken and heard", async (t) => {
  const home = await house(t);
  const { audio } = client_of(home);
  const speech = await audio.speech.create(
    { model: "tts-1", voice: "alloy", input: "Hello, wörld." });
  assert.equal(speech.headers.get("content-type"), "audio/mpeg");
  const sound = Buffer.from(await speech.arrayBuffer());
  assert.equal(sound.length, 3 + 13 * 40);
  assert.equal(sound.subarray(0, 3).toString(), "ID3");

  const file = await toFile(Buffer.alloc(70_000, 7), "a.mp3",
                            { type: "audio/mpeg" });
  const heard = await audio.transcriptions.create(
    { model: "whisper-1", file });
  assert.ok(heard.text.length > 10);
  assert.equal(heard.usage.seconds, 3);
  const long = await audio.transcriptions.create(
    { model: "whisper-1", file, response_format: "verbose_json" });
  assert.equal(long.duration, 3);
  const counted = await audio.translations.create(
    { model: "gpt-4o-transcribe", file });
  assert.ok(counted.text.length > 10);
  const events = await all_of(await audio.transcriptions.create(
    { model: "gpt-4o-transcribe", file, stream: true }));
  assert.equal(events.at(-1).type, "transcript.text.done");
  await home.check_books();

  const subtitles = await audio.transcriptions.create(
    { model: "whisper-1", file, response_format: "vtt" });
  assert.match(subtitles, /^WEBVTT/);
});

test("tool calls, whole and streamed", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  const tools = [{ type: "function", function: {
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } } },
  } }];
  await home.script([{ match: {}, action: {
    status: 200, content_type: "text/event-stream",
    body_file: path.join(data, "wire/openai/chat_stream_tool_calls.sse"),
  } }]);
  const last = await client.chat.completions.stream(
    { model, messages, tools }).finalChatCompletion();
  assert.equal(last.choices[0].finish_reason, "tool_calls");
  const call = last.choices[0].message.tool_calls[0];
  assert.equal(call.id, "call_w1");
  assert.equal(call.function.name, "get_weather");
  assert.deepEqual(JSON.parse(call.function.arguments), { city: "Lyon" });

  const message = {
    role: "assistant", content: null, refusal: null, tool_calls: [{
      id: "call_1", type: "function",
      function: { name: "get_weather", arguments: '{"city":"Lyon"}' },
    }],
  };
  await home.script([{ match: {}, action: {
    status: 200, content_type: "application/json", body: JSON.stringify({
      id: "chatcmpl-1", object: "chat.completion", created: 1, model,
      choices: [{ index: 0, message, finish_reason: "tool_calls" }],
      usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
    }),
  } }]);
  const whole = await client.chat.completions.create(
    { model, messages, tools });
  assert.deepEqual(whole.choices[0].message, message);
});

test("a bad account is not seen", async (t) => {
  const home = await house(t);
  const client = client_of(home);
  for (const action of [
    { status: 401 }, { status: 429 }, { status: 500 }, { status: 402 },
    { empty: true }, { html: true }, { reset: "before_headers" },
  ]) {
    await home.script([{ match: { account: "a" }, action }]);
    for (const stream of [false, true]) {
      const x = await client.chat.completions.create(
        { model, messages, stream });
      if (stream)
        assert.ok((await all_of(x)).length > 2);
      else
        assert.ok(x.choices[0].message.content.length > 100);
    }
  }
});

test("errors have the types that the SDK knows", async (t) => {
  const home = await house(t, "", impatient);
  const client = client_of(home);
  const ask = (more = {}) => failure(client.chat.completions.create(
    { model, messages, ...more }));

  const missing = await ask({ model: "nobody-has-this" });
  assert.ok(missing instanceof OpenAI.NotFoundError, missing);
  assert.equal(missing.code, "model_not_found");

  // What is the caller's own fault comes as the provider says it.
  await home.script([{ match: {}, action: { status: 400, body_file:
    path.join(data, "wire/errors/openai_bad_param_400.json") } }]);
  assert.ok(await ask() instanceof OpenAI.BadRequestError);

  await home.script([{ match: {}, action: { status: 500 } }]);
  for (const stream of [false, true]) {
    const x = await ask({ stream });
    assert.ok(x instanceof OpenAI.InternalServerError, x);
    assert.equal(x.status, 502);
  }

  await home.script([{ match: {}, action: { status: 429, body_file:
    path.join(data, "wire/errors/openai_rate_limit_requests_429.json") } }]);
  assert.ok(await ask() instanceof OpenAI.RateLimitError);

  // The keys that were refused are the pool's, not the caller's. A refused
  // key is not used again, so this comes last.
  await home.script([{ match: {}, action: { status: 401 } }]);
  for (let i = 0; i < 2; ++i) {
    const x = await ask();
    assert.ok(x instanceof OpenAI.InternalServerError, x);
    assert.ok(!(x instanceof OpenAI.AuthenticationError));
    assert.equal(x.status, 503);
    assert.ok(!JSON.stringify(x.error).includes("key-"), x.message);
  }
});

test("the SDK repeats what may be repeated, and only that", async (t) => {
  const home = await house(t, "", impatient);
  const fetch = counting();
  const client = client_of(home, { fetch, maxRetries: 2 });
  await home.script([{ match: { times: 2 }, action: { status: 500 } }]);
  const x = await client.chat.completions.create({ model, messages });
  assert.ok(x.choices[0].message.content.length > 100);
  assert.equal(fetch.calls, 2);

  fetch.calls = 0;
  await failure(client.chat.completions.create(
    { model: "nobody-has-this", messages }));
  assert.equal(fetch.calls, 1);
  await home.check_cover();
});

test("a stream that breaks raises an error", async (t) => {
  const home = await house(t);
  await home.script([{ match: {}, action: { truncate: 900 } }]);
  const stream = await client_of(home).chat.completions.create(
    { model, messages, stream: true });
  const x = await failure(all_of(stream));
  assert.ok(x instanceof OpenAI.APIError, x);
  assert.match(x.message, /broke its answer off/);
  await home.check_cover();
});

test("a stream may be left", async (t) => {
  const home = await house(t);
  await home.script([
    { match: { times: 1 }, action: { stall: "1h", at_byte: 900 } }]);
  const client = client_of(home);
  const stream = await client.chat.completions.create(
    { model, messages, stream: true });
  for await (const x of stream)
    if (x.choices[0].delta.content)
      break; // Which aborts it.
  await home.check_cover();
  const x = await client.chat.completions.create({ model, messages });
  assert.ok(x.choices[0].message.content.length > 100);
  await home.check_cover();
});

test("a request may be given up", async (t) => {
  const home = await house(t);
  await home.script([{ match: {}, action: { delay: "1h" } }]);
  const abort = new AbortController();
  const asked = failure(client_of(home).chat.completions.create(
    { model, messages }, { signal: abort.signal }));
  while ((await home.ask("accounts")).every((x) => x.in_flight === 0));
  abort.abort();
  assert.ok(await asked instanceof OpenAI.APIUserAbortError);
  await home.check_cover();
});
