import { connect, isIP, type Socket } from "node:net";
import { createTransport } from "nodemailer";
import { errorCode, errorMessage } from "../../base/index.ts";
import { type AlertChannel, type AlertMessage, SendError, type SendLimits } from "../alert-channel.ts";
import type { ChannelParams } from "../channel-params.ts";
import { renderHtml, renderText } from "../render-alert.ts";

/** What the parameters say, under DolphinScheduler's names. */
interface EmailParams {
  readonly receivers: readonly string[];
  readonly copies: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly sender: string;
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
  readonly startTls: boolean;
  readonly tls: boolean;
  /** Certificates are not checked: the server's name is on the list of those that are trusted. */
  readonly trusted: boolean;
  readonly html: boolean;
}

const ADDRESS = /^[^\s@<>]+@[^\s@<>]+$/;
const PORTS = { plain: 25, tls: 465 } as const;

function readParams(params: ChannelParams): EmailParams {
  const tls = params.flag("sslEnable", false);
  const host = params.text("serverHost");
  const user = params.text("User", { fallback: "" });
  const pass = params.text("Password", { fallback: "", secret: true });
  const trust = params.list("smtpSslTrust", { fallback: [] });
  const read: EmailParams = {
    receivers: params.list("receivers"),
    copies: params.list("receiverCcs", { fallback: [] }),
    host,
    port: params.number("serverPort", { fallback: tls ? PORTS.tls : PORTS.plain, least: 1, most: 65_535 }),
    sender: params.text("sender"),
    auth: params.flag("enableSmtpAuth", user !== "") ? { user, pass } : undefined,
    startTls: params.flag("starttlsEnable", false),
    tls,
    trusted: trust.includes("*") || trust.includes(host),
    html: params.text("showType", { fallback: "table", oneOf: ["table", "text"] }) === "table",
  };
  if (read.auth !== undefined && (user === "" || pass === ""))
    params.report("`enableSmtpAuth` is true; write `User` and `Password`");
  if (read.tls && read.startTls)
    params.report("`sslEnable` and `starttlsEnable` are both true; write one of them");
  for (const address of [...read.receivers, ...read.copies, ...(read.sender === "" ? [] : [read.sender])]) {
    if (!ADDRESS.test(address)) params.report(`${JSON.stringify(address)} is not an e-mail address`);
  }
  return read;
}

/** Opens the connection itself, so that it can be cut at the limit whatever the protocol waits for. */
function openSocket({ host, port }: EmailParams, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port });
    const cut = (): void => void socket.destroy(new Error("cut at the limit"));
    signal.addEventListener("abort", cut);
    socket.once("close", () => signal.removeEventListener("abort", cut));
    socket.once("connect", () => resolve(socket)).once("error", reject);
    if (signal.aborted) cut();
  });
}

async function sendMail(email: EmailParams, message: AlertMessage, limits: SendLimits): Promise<string> {
  const socket = await openSocket(email, limits.signal);
  try {
    const transport = createTransport({
      host: email.host,
      port: email.port,
      secure: email.tls,
      requireTLS: email.startTls,
      // Encryption is what the parameters say: a server that merely offers it changes nothing.
      ignoreTLS: !email.startTls,
      tls: {
        rejectUnauthorized: !email.trusted,
        // An address is not a name that a certificate could be asked for by.
        ...(isIP(email.host) === 0 ? { servername: email.host } : {}),
      },
      greetingTimeout: limits.withinMs,
      socketTimeout: limits.withinMs,
      connection: socket,
      ...(email.auth === undefined ? {} : { auth: email.auth }),
    });
    const sent = await transport.sendMail({
      from: email.sender,
      to: [...email.receivers],
      cc: [...email.copies],
      subject: message.title,
      text: renderText(message),
      ...(email.html ? { html: renderHtml(message) } : {}),
      messageId: `<${message.key.replace(/[^\w.-]+/g, "-")}@failover-alert>`,
      headers: { "X-Idempotency-Key": message.key },
    });
    const refused = sent.rejected.length;
    return refused === 0
      ? "the mail server took it"
      : `the mail server took it, but not for ${refused} receivers`;
  } finally {
    socket.destroy();
  }
}

/** What went wrong, without what was said to the server: a refused password may stand in it. */
function describeFailure(error: unknown, email: EmailParams, limits: SendLimits): SendError {
  const where = `mail server ${email.host}:${email.port}`;
  if (limits.signal.aborted) return new SendError(`${where} did not take it in ${limits.withinMs} ms`);
  const code = errorCode(error);
  if (code === "EAUTH")
    return new SendError(`${where} refused the user ${email.auth?.user ?? ""} or the password`);
  const pass = email.auth?.pass ?? "";
  const text = errorMessage(error);
  return new SendError(`${where}: ${pass === "" ? text : text.replaceAll(pass, "***")}`);
}

/** Mail by SMTP: text, and a page with a table of the facts. */
export const emailChannel: AlertChannel = {
  name: "Email",
  params: {
    receivers: "addresses with commas between",
    receiverCcs: "addresses that get a copy",
    serverHost: "the SMTP server",
    serverPort: "its port; default 25, with sslEnable 465",
    sender: "address that it comes from",
    enableSmtpAuth: "true: with User and Password",
    User: "user of the SMTP server",
    Password: "password of that user",
    starttlsEnable: "true: the connection is encrypted by STARTTLS, or not used",
    sslEnable: "true: the connection is encrypted from its beginning",
    smtpSslTrust: "servers whose certificate is not checked; * for all",
    showType: "table (default: text and a page with tables) or text",
  },
  open(params) {
    const email = readParams(params);
    return {
      async send(message, limits) {
        try {
          return await sendMail(email, message, limits);
        } catch (error) {
          throw describeFailure(error, email, limits);
        }
      },
    };
  },
};
