// Adds to package-lock.json the optional packages of other platforms that it lacks. npm leaves out what the registry in
// use does not offer (a mirror may have only this platform's binaries), and then refuses its own lock file in `npm ci`.
// Run it after `npm install`. It changes nothing when nothing is missing.
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const file = path.resolve(__dirname, "..", "package-lock.json");
const lock = JSON.parse(readFileSync(file, "utf8"));

/** Where node would find a dependency of a package: beside it or further up. */
function isLocked(owner, name) {
  for (let here = owner; ; here = here.slice(0, Math.max(0, here.lastIndexOf("node_modules/") - 1))) {
    if (lock.packages[`${here === "" ? "" : `${here}/`}node_modules/${name}`] !== undefined) return true;
    if (here === "") return false;
  }
}

/** What a platform's package says of itself, from its name: "@oxlint/binding-linux-arm64-musl". */
function platformOf(name) {
  const os = /(android|darwin|freebsd|linux|openharmony|sunos|aix|netbsd|openbsd|win32)/.exec(name)?.[1];
  const cpu = /(arm64|arm|x64|ia32|ppc64|riscv64|s390x|loong64)/.exec(name)?.[1];
  const libc = /-musl/.test(name) ? "musl" : /-gnu/.test(name) ? "glibc" : undefined;
  return {
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(os === undefined ? {} : { os: [os] }),
  };
}

let added = 0;
for (const [owner, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(owner, name) || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...platformOf(name),
    };
    added += 1;
  }
}
if (added > 0) {
  const sorted = Object.entries(lock.packages).sort(([one], [other]) => one.localeCompare(other, "en"));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}
process.stdout.write(`${added} optional packages of other platforms added to package-lock.json\n`);
