import { createServer } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { createSystemClock } from "../../base/index.ts";
import { createChannelRegistry } from "../channel-registry.ts";
import { builtInChannels } from "./index.ts";
import { MESSAGE, send, withMail } from "./test-receivers.ts";

const registry = createChannelRegistry(
  builtInChannels({ clock: createSystemClock(), script: { directories: [], environment: {} } }),
);
const mailTo = (port: number, more: object = {}): object => ({
  receivers: "one@x.test, two@x.test",
  serverHost: "127.0.0.1",
  serverPort: String(port),
  sender: "from@x.test",
  ...more,
});

describe("Email", () => {
  test("arrives with subject, text, table and the same id at each try", async () => {
    await withMail({ disabledCommands: ["AUTH", "STARTTLS"] }, async (port, mailed) => {
      const channel = registry.open("Email", mailTo(port, { receiverCcs: "cc@x.test" }));
      await send(channel);
      await send(channel);
      expect(mailed.map(({ to }) => to)).toEqual([
        ["one@x.test", "two@x.test", "cc@x.test"],
        ["one@x.test", "two@x.test", "cc@x.test"],
      ]);
      const ids = mailed.map(({ raw }) => /^Message-ID: (.*)$/im.exec(raw)?.[1]);
      expect(ids).toEqual(["<alert-7-ops@failover-alert>", "<alert-7-ops@failover-alert>"]);
      expect(mailed[0]?.raw).toMatch(/^Subject: =\?UTF-8\?Q\?Worker_=3C1=3E_is_gone/m);
      expect(mailed[0]?.raw).toContain("event: FAILOVER & more");
      expect(mailed[0]?.raw).toContain("FAILOVER &amp; more");
      expect(mailed[0]?.raw).toContain("Worker &lt;1&gt;");
    });
  });

  test("signs in, and a wrong password is told without it", async () => {
    const users: string[] = [];
    const auth = {
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ["STARTTLS"],
      onAuth: (
        {
          username,
          password,
        }: { username?: string | null | undefined; password?: string | null | undefined },
        _: unknown,
        answer: (error: Error | null, response?: { user: string }) => void,
      ) => {
        if (password !== "right") return answer(new Error(`no entry with ${password}`));
        users.push(username ?? "");
        return answer(null, { user: username ?? "" });
      },
    };
    await withMail(auth, async (port, mailed) => {
      await send(
        registry.open("Email", mailTo(port, { enableSmtpAuth: "true", User: "me", Password: "right" })),
      );
      expect([users, mailed.length]).toEqual([["me"], 1]);
      const wrong = registry.open("Email", mailTo(port, { User: "me", Password: "hunter2" }));
      const failure = await send(wrong).catch(String);
      expect(failure).toContain("refused the user me or the password");
      expect(failure).not.toContain("hunter2");
    });
  });

  test("a certificate that nobody vouches for is refused, unless the server is trusted", async () => {
    // The test server's own certificate is self-signed.
    await withMail({}, async (port, mailed) => {
      const params = mailTo(port, { starttlsEnable: "true" });
      await expect(send(registry.open("Email", params))).rejects.toThrow(/certificate/);
      expect(mailed).toHaveLength(0);
      await send(registry.open("Email", { ...params, smtpSslTrust: "*" }));
      expect(mailed).toHaveLength(1);
    });
  });

  test("a server without the encryption that is asked for gets nothing", async () => {
    await withMail({ disabledCommands: ["STARTTLS"] }, async (port, mailed) => {
      await expect(send(registry.open("Email", mailTo(port, { starttlsEnable: "true" })))).rejects.toThrow(
        /STARTTLS/,
      );
      expect(mailed).toHaveLength(0);
    });
  });

  test("a refused receiver is told", async () => {
    const onRcptTo = (_: unknown, __: unknown, answer: (error: Error) => void): void =>
      answer(new Error("unknown user"));
    await withMail({ disabledCommands: ["AUTH", "STARTTLS"], onRcptTo }, async (port) => {
      await expect(send(registry.open("Email", mailTo(port)))).rejects.toThrow(/rejected/);
    });
  });

  test("a server that hangs is given up at the limit, and its connection is closed", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await expect(send(registry.open("Email", mailTo(port)), 150)).rejects.toThrow(
      /did not take it in 150 ms/,
    );
    // Resolves when no connection is left.
    await new Promise((resolve) => server.close(resolve));
  });

  test("nobody listens", async () => {
    await expect(send(registry.open("Email", mailTo(1)))).rejects.toThrow(
      /mail server 127.0.0.1:1.*ECONNREFUSED/,
    );
    expect(MESSAGE.key).toBe("alert-7-ops");
  });
});
