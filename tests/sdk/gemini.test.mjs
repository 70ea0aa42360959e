// The SDK `@google/genai`, as it is published, with rotad as its base URL.

import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { ApiError, GoogleGenAI } from "@google/genai";
import { all_of, data, failure, house, impatient } from "./house.mjs";

const ask = {
  model: "gemini-2.5-flash", contents: "What is the longest river?",
};

function client_of(home, more = {}) {
  return new GoogleGenAI({
    apiKey: "any", httpOptions: { baseUrl: home.url, ...more },
  });
}

test("content, whole and streamed", async (t) => {
  const home = await house(t);
  const models = client_of(home).models;
  const whole = await models.generateContent(ask);
  assert.ok(whole.text.length > 100);
  assert.equal(whole.usageMetadata.candidatesTokenCount, 64);
  const chunks = await all_of(await models.generateContentStream(ask));
  assert.ok(chunks.length > 2);
  assert.ok(chunks.map((x) => x.text ?? "").join("").length > 100);
  assert.equal(chunks.at(-1).usageMetadata.candidatesTokenCount, 64);
  await home.check_books();
});

test("embeddings and counts", async (t) => {
  const home = await house(t);
  const models = client_of(home).models;
  const { embeddings } = await models.embedContent(
    { model: "gemini-embedding-001", contents: ["one", "two"] });
  assert.equal(embeddings.length, 2);
  assert.equal(embeddings[0].values.length, 8);
  await home.check_books();
  const before = (await home.books()).total_charged;
  const counted = await models.countTokens(ask);
  assert.ok(counted.totalTokens > 5);
  assert.equal((await home.books()).total_charged, before);
});

test("the list of models", async (t) => {
  const home = await house(t);
  const names = (await all_of(await client_of(home).models.list()))
    .map((x) => x.name);
  assert.ok(names.includes("models/gemini-2.5-flash"), names.join());
});

test("tool calls, whole and streamed", async (t) => {
  const home = await house(t);
  const models = client_of(home).models;
  const config = { tools: [{ functionDeclarations: [{
    name: "get_weather", parametersJsonSchema: {
      type: "object", properties: { city: { type: "string" } } },
  }] }] };
  const call = { name: "get_weather", args: { city: "Lyon" } };
  const body = JSON.stringify({
    candidates: [{
      content: { role: "model", parts: [{ functionCall: call }] },
      finishReason: "STOP", index: 0,
    }],
    usageMetadata: {
      promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14,
    },
    modelVersion: ask.model, responseId: "r1",
  });
  await home.script([
    { match: { path: "/v1beta/models/gemini-2.5-flash:generateContent" },
      action: { status: 200, content_type: "application/json", body } },
    { match: {}, action: { status: 200, content_type: "text/event-stream",
                           body: `data: ${body}\r\n\r\n` } }]);
  const whole = await models.generateContent({ ...ask, config });
  assert.deepEqual(whole.functionCalls, [call]);
  const [chunk, ...more] = await all_of(
    await models.generateContentStream({ ...ask, config }));
  assert.deepEqual(chunk.functionCalls, [call]);
  assert.equal(more.length, 0);
});

test("a bad account is not seen", async (t) => {
  const home = await house(t);
  const models = client_of(home).models;
  for (const action of [
    { status: 401 }, { status: 429 }, { status: 500 }, { empty: true },
    { html: true }, { reset: "before_headers" },
  ]) {
    await home.script([{ match: { account: "a" }, action }]);
    assert.ok((await models.generateContent(ask)).text.length > 100);
    const chunks = await all_of(await models.generateContentStream(ask));
    assert.ok(chunks.length > 2);
  }
});

test("errors have the status that they mean", async (t) => {
  const home = await house(t, "", impatient);
  const models = client_of(home).models;
  const error = async (more = {}) => {
    const x = await failure(models.generateContent({ ...ask, ...more }));
    assert.ok(x instanceof ApiError, x);
    return x;
  };
  const missing = await error({ model: "nobody-has-this" });
  assert.equal(missing.status, 404);
  assert.match(missing.message, /NOT_FOUND/);

  await home.script([{ match: {}, action: { status: 400, body_file:
    path.join(data, "wire/errors/gemini_too_long_400.json") } }]);
  assert.equal((await error()).status, 400);

  await home.script([{ match: {}, action: { status: 500 } }]);
  assert.equal((await error()).status, 502);

  await home.script([{ match: {}, action: { status: 429, body_file:
    path.join(data, "wire/errors/openai_rate_limit_requests_429.json") } }]);
  const busy = await error();
  assert.equal(busy.status, 429);
  assert.match(busy.message, /RESOURCE_EXHAUSTED/);

  // A refused key is not used again, so this comes last.
  await home.script([{ match: {}, action: { status: 401 } }]);
  for (let i = 0; i < 2; ++i)
    assert.equal((await error()).status, 503);
});

test("the SDK repeats what it was told to repeat", async (t) => {
  const home = await house(t, "", impatient);
  const models = client_of(home, { retryOptions: { attempts: 3 } }).models;
  await home.script([{ match: { times: 2 }, action: { status: 500 } }]);
  assert.ok((await models.generateContent(ask)).text.length > 100);
  await home.check_cover();
});

test("a stream may be left", async (t) => {
  const home = await house(t);
  await home.script([
    { match: { times: 1 }, action: { stall: "1h", at_byte: 900 } }]);
  const abort = new AbortController();
  const models = client_of(home).models;
  const stream = await models.generateContentStream(
    { ...ask, config: { abortSignal: abort.signal } });
  const x = await failure((async () => {
    for await (const part of stream)
      if (part.text)
        abort.abort();
  })());
  assert.equal(x.name, "AbortError");
  await home.check_cover();
  assert.ok((await models.generateContent(ask)).text.length > 100);
  await home.check_cover();
});
