import type { AlertMessage } from "./alert-channel.ts";
import { textOf } from "./text-of.ts";

/** The facts of an alert, one list of names and values for each thing that it is about. */
function factsOf(content: string): readonly (readonly (readonly [string, string])[])[] | undefined {
  try {
    const value: unknown = JSON.parse(content);
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (!items.every((item) => typeof item === "object" && item !== null)) return undefined;
    return items.map((item) =>
      Object.entries(item as object).map(([name, fact]) => [name, textOf(fact)] as const),
    );
  } catch {
    return undefined;
  }
}

/** An alert's content as lines of text; content that is no JSON stays as it is. */
export function renderText({ content }: Pick<AlertMessage, "content">): string {
  const facts = factsOf(content);
  if (facts === undefined) return content;
  return facts.map((one) => one.map(([name, fact]) => `${name}: ${fact}`).join("\n")).join("\n\n");
}

/** The same for markdown: a list of facts below the title. */
export function renderMarkdown(message: Pick<AlertMessage, "title" | "content">): string {
  const facts = factsOf(message.content);
  const lines = facts?.flatMap((one) => [...one.map(([name, fact]) => `- **${name}**: ${fact}`), ""]);
  return `# ${message.title}\n\n${lines?.join("\n") ?? message.content}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

/** The same as a page with a table for each thing that it is about. */
export function renderHtml(message: Pick<AlertMessage, "title" | "content">): string {
  const row = ([name, fact]: readonly [string, string]): string =>
    `<tr><th align="left">${escapeHtml(name)}</th><td>${escapeHtml(fact)}</td></tr>`;
  const tables = factsOf(message.content)?.map(
    (one) => `<table border="1" cellpadding="4">${one.map(row).join("")}</table>`,
  );
  const body = tables?.join("<br>") ?? `<pre>${escapeHtml(message.content)}</pre>`;
  return `<!doctype html><html><body><h3>${escapeHtml(message.title)}</h3>${body}</body></html>`;
}
