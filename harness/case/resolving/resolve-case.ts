import { type PositionTable, type Problem, VERDICTS } from "../../base/index.ts";
import { type CaseNames, noNames, type WorkflowNames } from "../checks/case-names.ts";
import type { Scope } from "../checks/case-scope.ts";
import { checkTables } from "../checks/check-columns.ts";
import { checkExpectedFailure } from "../checks/check-expected-failure.ts";
import type { Combination } from "../effective/expand-matrix.ts";
import { countFixtureInstances, fixtureNames, resolveFixture } from "../fixture/resolve-fixture.ts";
import { createProblemSink } from "../problems/problem-sink.ts";
import { toPlainDocument } from "../reading/located.ts";
import type { SourceFiles } from "../reading/source-files.ts";
import type { Json, RawSection, ResolvedCase, ResolvedDatabase } from "../resolved-case.ts";
import { validateSchema } from "../schema/validate-schema.ts";
import {
  isRecord,
  readList,
  readMap,
  readNumber,
  readParams,
  readText,
  readWord,
  readWords,
} from "../vocabulary/read-json.ts";
import { checkExpect } from "./check-expect.ts";
import { resolveCluster } from "./resolve-cluster.ts";
import { resolveCommands } from "./resolve-commands.ts";
import { resolveInstances } from "./resolve-instances.ts";
import { resolveRegistry } from "./resolve-registry.ts";
import { resolveRequirements } from "./resolve-requirements.ts";
import { resolveSteps } from "./resolve-steps.ts";
import { checkWorkflows, namesOfWorkflows, resolveWorkflows } from "./resolve-workflows.ts";

/** What one combination became: a case, or problems. */
export interface Resolution {
  readonly case: ResolvedCase;
  readonly problems: readonly Problem[];
}

export interface CaseSource {
  /** As it is named in messages and reports. */
  readonly file: string;
  readonly absolute: string;
  readonly files: SourceFiles;
}

/**
 * Turns one combination of a document into a case. Goes on after every problem, so that all of them are named at once;
 * the case is of use only when there were none.
 */
export function resolveCase(combination: Combination, source: CaseSource): Resolution {
  const plain = toPlainDocument(combination.document);
  const { positions } = plain;
  const sink = createProblemSink(plain.places);
  const { json, broken } = validateSchema(plain, sink);
  const document = readMap(json);
  const scope: Scope = { sink, names: noNames(), unsupported: [] };
  const foreign: Problem[] = [];

  // 1. Who there is. 2. What is defined. 3. What stands in the database and the registry. 4. What happens, and must be.
  const cluster = resolveCluster(scope, document["cluster"]);
  forgetBroken(scope.names, broken);
  const database = resolveDatabase(scope, {
    section: readMap(document["database"]),
    broken,
    source,
    positions,
    report: (problems) => void foreign.push(...problems),
  });
  const registry = resolveRegistry(scope, document["registry"]);
  const steps = resolveSteps(scope, document["inject"]);
  const expect = readMap(document["expect"]);
  checkExpect(scope, expect, { pointer: "/expect", steps: scope.names.steps });
  checkExpectedFailure(scope, document["xfail"]);

  const xfail = isRecord(document["xfail"]) ? document["xfail"] : undefined;
  return {
    problems: [...sink.problems, ...foreign],
    case: {
      file: source.file,
      name: readText(document["name"]) ?? source.file,
      combination: combination.label,
      tags: readWords(document["tags"]),
      refs: readWords(document["refs"]),
      requires: resolveRequirements(document["requires"]),
      xfail:
        xfail === undefined
          ? undefined
          : {
              verdict: readWord(xfail["verdict"], VERDICTS) ?? "FAIL",
              with: readText(xfail["with"]),
              reason: readText(xfail["reason"]) ?? "",
            },
      cluster,
      database,
      registry,
      steps,
      expect,
      unsupported: scope.unsupported,
      positions,
    },
  };
}

/** Names of sections that are broken are not checked: each complaint would repeat the first. */
function forgetBroken(names: CaseNames, broken: readonly string[]): void {
  if (broken.some((pointer) => /^(\/cluster.*)?$/.test(pointer))) names.nodes = undefined;
  names.stepsBroken = broken.some((pointer) => /^\/inject(\/\d+(\/id)?)?$/.test(pointer));
}

interface DatabaseSource {
  readonly section: RawSection;
  readonly broken: readonly string[];
  readonly source: CaseSource;
  readonly positions: PositionTable;
  readonly report: (problems: readonly Problem[]) => void;
}

function resolveDatabase(scope: Scope, from: DatabaseSource): ResolvedDatabase {
  const { section, source } = from;
  scope.names.taskGroups = new Set(Object.keys(readMap(section["taskGroups"])));
  scope.names.alertGroups = new Set(Object.keys(readMap(section["alertGroups"])));
  scope.names.environments = new Set(Object.keys(readMap(section["environments"])));
  const workflows = resolveWorkflows(section["workflows"]);
  const fixture = resolveFixture(
    scope,
    { database: section, files: source.files, writtenIn: writtenIn(from) },
    from.report,
  );
  const unread = section["fixture"] !== undefined && fixture === undefined;
  scope.names.workflows =
    unread || from.broken.some(hidesWorkflows)
      ? undefined
      : new Map<string, WorkflowNames>([...namesOfWorkflows(workflows), ...fixtureNames(fixture)]);
  if (fixture !== undefined) countFixtureInstances(scope, fixture);
  checkWorkflows(scope, workflows);
  if (section["tables"] !== undefined) scope.names.uncounted.add("*");
  const instances = resolveInstances(scope, section["instances"]);
  const commands = resolveCommands(scope, section["commands"]);
  const tables = readMap(section["tables"]);
  checkTables(scope, tables, "/database/tables");
  return {
    workflows,
    instances,
    commands,
    taskGroups: numbersOf(section["taskGroups"]),
    alertGroups: wordsOf(section["alertGroups"]),
    environments: readParams(section["environments"]),
    fixture,
    tables: rowsOf(tables),
  };
}

/** Whether what is broken there may have hidden a workflow or a task. */
function hidesWorkflows(pointer: string): boolean {
  return /^(\/database(\/(?!instances\/|commands\/|tables\/)[^/]+(\/[^/]+(\/tasks(\/[^/]+)?)?)?)?)?$/.test(
    pointer,
  );
}

/** The file that named the fixture: a file that was taken in by `use` may have. */
function writtenIn({ positions, source }: DatabaseSource): string {
  const file = positions["/database/fixture"]?.file;
  return (file === undefined ? undefined : source.files.absoluteOf(file)) ?? source.absolute;
}

function numbersOf(value: Json | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(readMap(value)).flatMap(([name, one]): [string, number][] => {
      const number = readNumber(one);
      return number === undefined ? [] : [[name, number]];
    }),
  );
}

function wordsOf(value: Json | undefined): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(readMap(value)).map(([name, one]) => [name, readWords(one)]));
}

function rowsOf(tables: RawSection): Readonly<Record<string, readonly RawSection[]>> {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => [table, readList(rows).filter(isRecord)]),
  );
}
