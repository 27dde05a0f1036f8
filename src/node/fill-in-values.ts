import { readFileSync } from "node:fs";
import { errorMessage } from "../base/index.ts";
import type { ConfigProblem } from "./config-reader.ts";

/** `${NAME}`, `${NAME:-default}`, `${file:/path}`; `$${` stands for `${` itself. */
const PLACEHOLDER = /\$(\$?)\{([^}]*)\}/g;
const FORM = /^(?:file:(?<file>.+)|(?<name>[A-Za-z_][A-Za-z0-9_]*)(?<fallback>:-.*)?)$/;

type Environment = Readonly<Record<string, string | undefined>>;

interface Filling {
  readonly environment: Environment;
  readonly problems: ConfigProblem[];
}

function lookUp(placeholder: string, key: string, { environment, problems }: Filling): string {
  const report = (message: string): string => {
    problems.push({ key, message });
    return "";
  };
  const { file, name, fallback } = FORM.exec(placeholder)?.groups ?? {};
  if (file !== undefined) {
    try {
      // The last line break is the editor's, not the secret's.
      return readFileSync(file, "utf8").replace(/\r?\n$/, "");
    } catch (error) {
      return report(`names the file ${file}, which cannot be read: ${errorMessage(error)}`);
    }
  }
  if (name === undefined) {
    return report(
      `has \${${placeholder}}; write \${NAME}, \${NAME:-default} or \${file:/path}, or $\${ for a plain \${`,
    );
  }
  // An empty variable counts as one that is not set, as in a shell with `:-`.
  const value = environment[name] ?? "";
  if (value !== "") return value;
  if (fallback !== undefined) return fallback.slice(2);
  return report(
    `needs the environment variable ${name}, which is not set; set it, or write \${${name}:-default}`,
  );
}

function fillText(text: string, key: string, filling: Filling): string {
  // In a URL a password with / or @ would be read as something else.
  const isUrl = /^[a-z]+:\/\//.test(text);
  return text.replace(PLACEHOLDER, (_whole, escaped: string, placeholder: string) => {
    if (escaped !== "") return `\${${placeholder}}`;
    const value = lookUp(placeholder, key, filling);
    return isUrl ? encodeURIComponent(value) : value;
  });
}

/** Fills environment variables and the contents of files into all texts of a configuration. */
export function fillInValues(value: unknown, filling: Filling, key = ""): unknown {
  if (typeof value === "string") return fillText(value, key, filling);
  if (Array.isArray(value))
    return value.map((item, index) => fillInValues(item, filling, `${key}[${index}]`));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      fillInValues(item, filling, key === "" ? name : `${key}.${name}`),
    ]),
  );
}
