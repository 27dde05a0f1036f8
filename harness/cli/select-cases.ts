import { HarnessError } from "../base/index.ts";
import type { ResolvedCase } from "../case/index.ts";
import { nearestWord } from "../case/index.ts";
import type { SelectOptions } from "./create-program.ts";

/** The cases that `--tag` and `--filter` leave. Throws HarnessError (`arguments/no-case`) when there is none. */
export function selectCases(
  cases: readonly ResolvedCase[],
  { tag = [], filter }: Pick<SelectOptions, "tag" | "filter">,
): readonly ResolvedCase[] {
  const wanted = filter?.toLowerCase();
  const selected = cases.filter(
    ({ tags, name, file, combination }) =>
      (tag.length === 0 || tag.some((word) => tags.includes(word))) &&
      (wanted === undefined || `${file} ${name} ${combination}`.toLowerCase().includes(wanted)),
  );
  if (selected.length > 0) return selected;
  throw noCase(cases, tag, filter);
}

function noCase(
  cases: readonly ResolvedCase[],
  tag: readonly string[],
  filter: string | undefined,
): HarnessError {
  const known = [...new Set(cases.flatMap(({ tags }) => tags))].sort((one, other) =>
    one.localeCompare(other),
  );
  const unknown = tag.find((word) => !known.includes(word));
  const nearest = unknown === undefined ? undefined : nearestWord(unknown, known);
  const asked = [
    ...tag.map((word) => `--tag ${word}`),
    ...(filter === undefined ? [] : [`--filter ${filter}`]),
  ];
  return new HarnessError([
    {
      code: "arguments/no-case",
      what: asked.length === 0 ? "there is no case at these paths" : `no case fits ${asked.join(" ")}`,
      why:
        known.length === 0
          ? `${cases.length} cases were looked at`
          : `there are the tags ${known.join(", ")}`,
      fix: nearest === undefined ? "failover list shows the cases" : `did you mean --tag ${nearest}?`,
    },
  ]);
}
