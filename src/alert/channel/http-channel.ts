import type { AlertChannel, AlertMessage } from "../alert-channel.ts";
import { renderText } from "../render-alert.ts";
import { textOf } from "../text-of.ts";
import { exchangeOverHttp } from "./http-exchange.ts";

/** What a placeholder in the parameters stands for. */
function valuesOf(message: AlertMessage): Readonly<Record<string, string>> {
  return {
    key: message.key,
    title: message.title,
    content: message.content,
    text: renderText(message),
    group: message.group ?? "",
    warningType: message.warningType,
    createdAt: new Date(message.createdAtMs).toISOString(),
  };
}

/** Puts the alert into texts of a template, which JSON quotes afterwards: nothing can break out of it. */
function fill(template: unknown, values: Readonly<Record<string, string>>): unknown {
  if (typeof template === "string")
    return template.replace(/\$\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  if (Array.isArray(template)) return template.map((item) => fill(item, values));
  if (typeof template !== "object" || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([name, value]) => [name, fill(value, values)]));
}

/** A header value is one line of visible characters. */
const headerText = (value: unknown): string => textOf(value).replace(/[^\x20-\x7e]+/g, " ");

/** Any receiver that speaks HTTP. POST sends JSON, GET the same as a query. */
export const httpChannel: AlertChannel = {
  name: "Http",
  params: {
    url: "where it is sent",
    requestType: "POST (default) or GET",
    headerParams: 'JSON object of headers; values may have ${title} and the like, e.g. {"x-alert": "${key}"}',
    bodyParams:
      "JSON object that is sent; values may have ${key} ${title} ${content} ${text} ${group} ${warningType} " +
      "${createdAt}. Default: all of these but text",
    contentField: "field of bodyParams that gets the content",
  },
  open(params) {
    const url = params.url("url");
    const method = params.text("requestType", { fallback: "POST", oneOf: ["POST", "GET"] });
    const headerParams = params.map("headerParams");
    const template = params.map("bodyParams");
    const contentField = params.text("contentField", { fallback: "" });
    // DolphinScheduler's own limit in seconds: the alert server's counts.
    params.ignore("timeout");
    return {
      async send(message, limits) {
        const { text, ...all } = valuesOf(message);
        const filled = fill(template, { ...all, text: text ?? "" }) as object;
        const isPlain = Object.keys(template).length === 0 && contentField === "";
        const body = isPlain
          ? all
          : { ...filled, ...(contentField === "" ? {} : { [contentField]: message.content }) };
        const given = fill(headerParams, { ...all, text: text ?? "" }) as object;
        const headers = {
          "idempotency-key": headerText(message.key),
          ...Object.fromEntries(
            Object.entries(given).map(([name, value]) => [name.toLowerCase(), headerText(value)]),
          ),
        };
        if (method === "POST") {
          const json = { "content-type": "application/json; charset=utf-8", ...headers };
          await exchangeOverHttp({ url, method, headers: json, body: JSON.stringify(body) }, limits);
        } else {
          const target = new URL(url);
          for (const [name, value] of Object.entries(body)) {
            target.searchParams.set(name, typeof value === "string" ? value : JSON.stringify(value));
          }
          await exchangeOverHttp({ url: target, method: "GET", headers }, limits);
        }
        return `${url.host} took it`;
      },
    };
  },
};
