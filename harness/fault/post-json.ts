import { request } from "node:http";

/** Posts JSON on a connection of its own and gives the answer. Throws for anything but a 200, and after the limit. */
export function postJson(
  target: { readonly host: string; readonly port: number; readonly path: string },
  body: unknown,
  withinMs: number,
): Promise<unknown> {
  const text = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const call = request({
      ...target,
      method: "POST",
      agent: false,
      signal: AbortSignal.timeout(Math.max(1, Math.ceil(withinMs))),
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(text) },
    });
    call.on("error", reject);
    call.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        const answer = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(parsed(answer));
        else reject(new Error(`HTTP ${response.statusCode}: ${answer.slice(0, 200)}`));
      });
    });
    call.end(text);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
