import { createHmac } from "node:crypto";
import type { Clock } from "../../base/index.ts";
import { type AlertChannel, type AlertMessage, SendError } from "../alert-channel.ts";
import { type ChannelParams, parseMap } from "../channel-params.ts";
import { renderMarkdown, renderText } from "../render-alert.ts";
import { postJson, shown } from "./http-exchange.ts";

/** Robots that are told by a web hook: DingTalk, Feishu (Lark), and whatever understands Slack's messages. */

const IDEMPOTENCY_HEADER = "idempotency-key";
const WEB_HOOK = "URL of the robot's web hook";

/** DolphinScheduler's rows carry these also when no proxy is used. */
function refuseProxy(params: ChannelParams): void {
  params.ignore("Proxy", "Port", "User", "Password");
  if (params.flag("IsEnableProxy", false)) params.report("`IsEnableProxy` is true; a proxy is not supported");
}

/** Both robots sign with the secret and the time; what is key and what is text differs. */
const sign = (key: string, text: string): string => createHmac("sha256", key).update(text).digest("base64");

/** The answer of a robot: HTTP says 200 also when it refused. */
function assertTaken(answer: string, fields: readonly string[]): void {
  const map = parseMap(answer);
  const code = fields.map((field) => map?.[field]).find((value) => value !== undefined);
  if (code !== 0) throw new SendError(`the robot refused it${shown(answer)}`);
}

/** DingTalk's robot: a keyword, or a signature with its secret, makes it listen. */
export function dingTalkChannel({ clock }: { readonly clock: Clock }): AlertChannel {
  return {
    name: "DingTalk",
    params: {
      WebHook: WEB_HOOK,
      Keyword: "word that the robot listens to; put before the text",
      Secret: "secret of a robot that checks signatures",
      MsgType: "text (default) or markdown",
      AtMobiles: "telephone numbers to notify",
      AtUserIds: "users to notify",
      IsAtAll: "true notifies everybody",
    },
    open(params) {
      const url = params.url("WebHook");
      const keyword = params.text("Keyword", { fallback: "" });
      const secret = params.text("Secret", { fallback: "", secret: true });
      const msgtype = params.text("MsgType", { fallback: "text", oneOf: ["text", "markdown"] });
      const at = {
        atMobiles: params.list("AtMobiles", { fallback: [] }),
        atUserIds: params.list("AtUserIds", { fallback: [] }),
        isAtAll: params.flag("IsAtAll", false),
      };
      refuseProxy(params);
      const before = keyword === "" ? "" : `${keyword} `;
      const contentOf = (message: AlertMessage): object =>
        msgtype === "markdown"
          ? { markdown: { title: `${before}${message.title}`, text: `${before}${renderMarkdown(message)}` } }
          : { text: { content: `${before}${message.title}\n${renderText(message)}` } };
      return {
        async send(message, limits) {
          const target = new URL(url);
          if (secret !== "") {
            const timestamp = String(clock.now());
            target.searchParams.set("timestamp", timestamp);
            target.searchParams.set("sign", sign(secret, `${timestamp}\n${secret}`));
          }
          const headers = { [IDEMPOTENCY_HEADER]: message.key };
          const answer = await postJson(target, { msgtype, ...contentOf(message), at }, headers, limits);
          assertTaken(answer, ["errcode"]);
          return "DingTalk took it";
        },
      };
    },
  };
}

const MS_PER_SECOND = 1000;

/** Feishu's (Lark's) robot. */
export function feishuChannel({ clock }: { readonly clock: Clock }): AlertChannel {
  return {
    name: "Feishu",
    params: { WebHook: WEB_HOOK, Secret: "secret of a robot that checks signatures" },
    open(params) {
      const url = params.url("WebHook");
      const secret = params.text("Secret", { fallback: "", secret: true });
      refuseProxy(params);
      return {
        async send(message, limits) {
          const timestamp = String(Math.floor(clock.now() / MS_PER_SECOND));
          const signature = secret === "" ? {} : { timestamp, sign: sign(`${timestamp}\n${secret}`, "") };
          const content = { text: `${message.title}\n${renderText(message)}` };
          const body = { ...signature, msg_type: "text", content };
          const answer = await postJson(url, body, { [IDEMPOTENCY_HEADER]: message.key }, limits);
          assertTaken(answer, ["code", "StatusCode"]);
          return "Feishu took it";
        },
      };
    },
  };
}

/** Slack's incoming web hook, and everything that understands `{"text": …}`. */
export function slackChannel(): AlertChannel {
  return {
    name: "Slack",
    params: {
      webHook: WEB_HOOK,
      username: "name that it speaks by",
      channel: "channel instead of the hook's own",
    },
    open(params) {
      const url = params.url("webHook");
      const username = params.text("username", { fallback: "" });
      const channel = params.text("channel", { fallback: "" });
      refuseProxy(params);
      return {
        async send(message, limits) {
          const text = `*${message.title}*\n${renderText(message)}`;
          const body = {
            text,
            ...(username === "" ? {} : { username }),
            ...(channel === "" ? {} : { channel }),
          };
          await postJson(url, body, { [IDEMPOTENCY_HEADER]: message.key }, limits);
          return "the web hook took it";
        },
      };
    },
  };
}
