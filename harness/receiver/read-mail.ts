/** A mail as far as a case looks at it. */
export interface Mail {
  /** By name in lower case, decoded. */
  readonly headers: ReadonlyMap<string, string>;
  /** The text part. */
  readonly text: string;
}

/** Reads a mail whose bytes are given as latin1 text: headers, and the first part that is plain text. */
export function readMail(raw: string): Mail {
  const { headers, body } = split(raw);
  return { headers, text: textOf(headers, body).replaceAll("\r\n", "\n").trimEnd() };
}

function split(raw: string): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const end = raw.indexOf("\r\n\r\n");
  const head = end < 0 ? raw : raw.slice(0, end);
  const lines = head.replace(/\r\n[ \t]+/g, " ").split("\r\n");
  const headers = new Map(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
    }),
  );
  return { headers, body: end < 0 ? "" : raw.slice(end + 4) };
}

function textOf(headers: ReadonlyMap<string, string>, body: string): string {
  const type = headers.get("content-type") ?? "text/plain";
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (/^multipart\//i.test(type) && boundary !== undefined) {
    const parts = body.split(`--${boundary}`).slice(1, -1);
    const texts = parts.map((part) => split(part.replace(/^\r\n/, "")));
    const plain =
      texts.find((part) => /^text\/plain/i.test(part.headers.get("content-type") ?? "")) ?? texts[0];
    return plain === undefined ? "" : textOf(plain.headers, plain.body);
  }
  switch (headers.get("content-transfer-encoding")?.toLowerCase() ?? "") {
    case "base64":
      return Buffer.from(body, "base64").toString("utf8");
    case "quoted-printable":
      return utf8(decodeQuoted(body.replace(/=\r\n/g, "")));
    default:
      return utf8(body);
  }
}

const utf8 = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");

const decodeQuoted = (text: string): string =>
  text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** `=?UTF-8?Q?…?=`: a header with letters beyond ASCII. */
function decodeWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, "?==?")
    .replace(/=\?[^?]+\?([BQ])\?([^?]*)\?=/gi, (_, how: string, text: string) =>
      how.toUpperCase() === "B"
        ? Buffer.from(text, "base64").toString("utf8")
        : utf8(decodeQuoted(text.replaceAll("_", " "))),
    );
}
