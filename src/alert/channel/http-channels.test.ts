import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { createSystemClock, required } from "../../base/index.ts";
import { createChannelRegistry } from "../channel-registry.ts";
import { builtInChannels } from "./index.ts";
import { MESSAGE, send, withHttp } from "./test-receivers.ts";

const clock = createSystemClock();
const registry = createChannelRegistry(
  builtInChannels({ clock, script: { directories: [], environment: {} } }),
);
const TAKEN = { status: 200, body: '{"errcode":0,"code":0}' };

/** The body of the only request. */
const bodyOf = (asked: readonly { readonly body: string }[]): unknown =>
  JSON.parse(required(asked[0], "a request").body);

describe("Http", () => {
  test("posts the alert as JSON with its key, once", async () => {
    await withHttp({ status: 204, body: "" }, async (url, asked) => {
      await send(registry.open("http", { url }));
      expect(asked).toHaveLength(1);
      expect(asked[0]?.headers["idempotency-key"]).toBe(MESSAGE.key);
      expect(bodyOf(asked)).toEqual({
        key: MESSAGE.key,
        title: MESSAGE.title,
        content: MESSAGE.content,
        group: "ops",
        warningType: "FAILURE",
        createdAt: "2023-11-14T22:13:20.000Z",
      });
    });
  });

  test("fills a template without letting the alert break out of it", async () => {
    await withHttp(TAKEN, async (url, asked) => {
      const bodyParams = '{"summary":"[${title}]","labels":{"from":"${group}"},"n":1}';
      const headerParams = { "X-Title": "${title}\r\nX-Evil: 1", Authorization: "Bearer t" };
      await send(registry.open("Http", { url, bodyParams, headerParams, contentField: "message" }));
      expect(bodyOf(asked)).toEqual({
        summary: `[${MESSAGE.title}]`,
        labels: { from: "ops" },
        n: 1,
        message: MESSAGE.content,
      });
      expect(asked[0]?.headers).toMatchObject({ authorization: "Bearer t" });
      expect(asked[0]?.headers["x-evil"]).toBeUndefined();
    });
  });

  test("asks by GET with the same as a query", async () => {
    await withHttp(TAKEN, async (url, asked) => {
      await send(registry.open("Http", { url, requestType: "GET", contentField: "text" }));
      expect(asked[0]?.method).toBe("GET");
      expect(new URL(required(asked[0], "a request").url, url).searchParams.get("text")).toBe(
        MESSAGE.content,
      );
    });
  });

  test("a slow answer is an answer", async () => {
    await withHttp({ ...TAKEN, afterMs: 200 }, async (url) => {
      await expect(send(registry.open("Http", { url }))).resolves.toContain("took it");
    });
  });

  test.each([
    ["a refusal", { status: 403, body: "go away" }, /answered 403: go away/],
    ["an error", { status: 500, body: "" }, /answered 500/],
    ["a redirect, which is not followed", { status: 302, body: "" }, /answered 302/],
    ["no answer", "hang" as const, /did not answer in 150 ms/],
  ])("%s is a failure that tells no secret", async (_, answer, message) => {
    await withHttp(answer, async (url) => {
      const failure = await send(registry.open("Http", { url }), 150).catch(String);
      expect(failure).toMatch(message);
      expect(failure).not.toContain("secret-path");
    });
  });

  test("nobody listens", async () => {
    await expect(send(registry.open("Http", { url: "http://127.0.0.1:1/x" }))).rejects.toThrow(
      "ECONNREFUSED",
    );
  });
});

describe("robots", () => {
  test("DingTalk gets the keyword, and a signature by secret and time", async () => {
    await withHttp(TAKEN, async (url, asked) => {
      const params = { WebHook: `${url}?access_token=t`, Keyword: "sched", Secret: "S3", AtMobiles: "1;2" };
      await send(registry.open("dingtalk", params));
      const query = new URL(required(asked[0], "a request").url, url).searchParams;
      const stamp = required(query.get("timestamp"), "timestamp");
      expect(query.get("access_token")).toBe("t");
      expect(query.get("sign")).toBe(createHmac("sha256", "S3").update(`${stamp}\nS3`).digest("base64"));
      expect(bodyOf(asked)).toMatchObject({
        msgtype: "text",
        text: { content: `sched ${MESSAGE.title}\nhost: a:1\nevent: FAILOVER & more` },
        at: { atMobiles: ["1", "2"], isAtAll: false },
      });
    });
  });

  test("Feishu gets its signature in the body", async () => {
    await withHttp(TAKEN, async (url, asked) => {
      await send(registry.open("Feishu", { WebHook: url, Secret: "S3", IsEnableProxy: "false" }));
      const body = bodyOf(asked) as { timestamp: string; sign: string; content: { text: string } };
      expect(body.sign).toBe(createHmac("sha256", `${body.timestamp}\nS3`).update("").digest("base64"));
      expect(body.content.text).toContain("event: FAILOVER");
    });
  });

  test("a robot that answers 200 and refuses has refused", async () => {
    await withHttp(
      { status: 200, body: '{"errcode":310000,"errmsg":"keywords not in content"}' },
      async (url) => {
        await expect(send(registry.open("DingTalk", { WebHook: url }))).rejects.toThrow(
          "keywords not in content",
        );
      },
    );
  });

  test("Slack gets a text", async () => {
    await withHttp({ status: 200, body: "ok" }, async (url, asked) => {
      await send(registry.open("Slack", { webHook: url, username: "scheduler" }));
      expect(bodyOf(asked)).toMatchObject({
        username: "scheduler",
        text: expect.stringContaining(MESSAGE.title),
      });
    });
  });
});

describe("parameters", () => {
  test.each([
    ["Http", {}, "parameters of Http: `url` is missing; write a text"],
    ["Http", { url: "ftp://x", requestType: "PUT" }, "one of POST, GET"],
    ["Http", { url: "http://x", body: "1" }, "`body` is no parameter of this channel; remove it"],
    ["Http", { url: "http://x", headerParams: "no" }, "`headerParams` cannot be used; write a JSON object"],
    ["DingTalk", { WebHook: "https://x", IsEnableProxy: "true" }, "a proxy is not supported"],
    ["Email", { receivers: "a", serverHost: "h", sender: "s@x" }, '"a" is not an e-mail address'],
    ["Email", { receivers: "a@b", serverHost: "h", sender: "s@x", serverPort: "0" }, "from 1 to 65535"],
    ["Email", { receivers: "a@b", serverHost: "h", sender: "s@x", User: "u" }, "write `User` and `Password`"],
    ["Script", { path: "/bin/true" }, 'name directories in "alert.scriptDirectories"'],
    ["Pigeon", {}, 'there is no channel plugin "Pigeon"; there are Email, DingTalk'],
    ["Http", "[1]", "the parameters are not a JSON object"],
  ])("%s %j", (plugin, params, message) => {
    expect(() => registry.open(plugin, params)).toThrow(message);
  });

  test("a value that may be a secret is not repeated", () => {
    expect(() => registry.open("Http", { url: "hunter2" })).toThrow(
      "parameters of Http: `url` cannot be used; write a URL that begins with http:// or https://",
    );
  });
});
