import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createTransport } from "nodemailer";
import { type AlertReceiver, openAlertReceiver } from "./index.ts";
import { readMail } from "./read-mail.ts";

let receiver: AlertReceiver;
beforeEach(async () => {
  receiver = await openAlertReceiver(() => 7);
});
afterEach(() => receiver.close());

function post(path: string, body: object, key = "alert-1-x"): Promise<Response> {
  return fetch(`http://127.0.0.1:${receiver.httpPort}${path}`, {
    method: "POST",
    headers: { "idempotency-key": key },
    body: JSON.stringify(body),
  });
}

describe("the receiver of alerts", () => {
  test("knows group and channel from the path, title and body from each channel's own form", async () => {
    await post("/ops/http", { title: "t", content: "c" });
    await post("/ops/dingtalk", { text: { content: "t\nc\nd" } });
    await post("/ops/feishu", { content: { text: "t\nc" } });
    await post("/ops/slack", { text: "*t*\nc" });
    const common = { atMs: 7, group: "ops", key: "alert-1-x", title: "t" };
    expect(receiver.deliveries()).toEqual([
      { ...common, channel: "http", body: "c" },
      { ...common, channel: "dingtalk", body: "c\nd" },
      { ...common, channel: "feishu", body: "c" },
      { ...common, channel: "slack", body: "c" },
    ]);
  });

  test("refuses as often as the URL says, each alert for itself", async () => {
    const ask = async (key: string): Promise<number> =>
      (await post("/ops/http?refuse=1", { title: "t", content: "c" }, key)).status;
    expect([await ask("alert-1-x"), await ask("alert-2-x"), await ask("alert-1-x")]).toEqual([503, 503, 200]);
    expect(receiver.deliveries().map(({ key }) => key)).toEqual(["alert-1-x"]);
  });

  test("takes mail", async () => {
    const transport = createTransport({ host: "127.0.0.1", port: receiver.mailPort, ignoreTLS: true });
    await transport.sendMail({
      from: "a@x.test",
      to: ["ops.email@x.test"],
      subject: "Über <1>",
      text: "eins: zwei\ndrei: ü",
      html: "<p>drei</p>",
      headers: { "X-Idempotency-Key": "alert-3-email" },
    });
    expect(receiver.deliveries()).toEqual([
      {
        atMs: 7,
        group: "ops",
        channel: "email",
        key: "alert-3-email",
        title: "Über <1>",
        body: "eins: zwei\ndrei: ü",
      },
    ]);
  });

  test("reads text in base64", () => {
    const raw = "Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\nw7w=\r\n";
    expect(readMail(raw).text).toBe("ü");
  });
});
