import {
  Ajv,
  type ErrorObject,
  type FuncKeywordDefinition,
  type SchemaValidateFunction,
  type ValidateFunction,
} from "ajv";
import { pointerTo } from "../../base/index.ts";
import type { Json } from "../resolved-case.ts";
import { CASE_SCHEMA, type SchemaNode } from "./case-schema.ts";

/** A place where the schema allows alternatives; which of them is meant has still to be chosen. */
export interface OpenUnion {
  readonly node: SchemaNode;
  readonly value: Json;
  readonly pointer: string;
}

export interface BranchResult {
  /** What ajv found, outside of unions. */
  readonly errors: readonly ErrorObject[];
  /** The unions that ajv came by. */
  readonly unions: readonly OpenUnion[];
}

/** Ajv hands it to the keywords as `this` (passContext). */
interface Visit {
  readonly unions: OpenUnion[];
}

/**
 * Ajv's own `oneOf` tries every branch and reports the mistakes of all of them. This one puts the place aside:
 * find-mistakes.ts chooses the one branch that was meant and validates that.
 */
const unionPutAside: FuncKeywordDefinition = {
  keyword: "oneOf",
  schemaType: "array",
  errors: false,
  validate(this: Visit, ...[, value, node, at]: Parameters<SchemaValidateFunction>): boolean {
    this.unions.push({ node: node as SchemaNode, value: value as Json, pointer: at?.instancePath ?? "" });
    return true;
  },
};

const SCHEMA_ID = "case";

const validators = new Map<SchemaNode, ValidateFunction>();
let compiler: { readonly ajv: Ajv; readonly addresses: ReadonlyMap<SchemaNode, string> } | undefined;

/** Validates a value with ajv against one node of the schema that is not itself a union. */
export function validateBranch(node: SchemaNode, value: Json): BranchResult {
  const validate = validators.get(node) ?? compileNode(node);
  validators.set(node, validate);
  const visit: Visit = { unions: [] };
  validate.call(visit, value);
  return { errors: validate.errors ?? [], unions: visit.unions };
}

/** Only nodes that a file really uses are compiled: all of them would take half a second, a case's some 50 ms. */
function compileNode(node: SchemaNode): ValidateFunction {
  compiler ??= { ajv: createAjv(), addresses: addressesOf(CASE_SCHEMA) };
  const address = compiler.addresses.get(node);
  const validate = address === undefined ? undefined : compiler.ajv.getSchema(`${SCHEMA_ID}#${address}`);
  if (validate === undefined) throw new Error(`no part of the schema: ${JSON.stringify(node)}`);
  return validate as ValidateFunction;
}

function createAjv(): Ajv {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    // Errors carry the schema that was not met: messages are made of its title, its words and its keys.
    verbose: true,
    passContext: true,
    ownProperties: true,
    // Each function runs a few times only, and a unit test checks the schema itself: both would delay the start.
    code: { optimize: false },
    meta: false,
    validateSchema: false,
  });
  ajv.removeKeyword("oneOf").addKeyword(unionPutAside);
  return ajv.addSchema(CASE_SCHEMA, SCHEMA_ID);
}

/** The JSON pointer of every node of the schema, by which ajv finds it. */
function addressesOf(root: SchemaNode): ReadonlyMap<SchemaNode, string> {
  const addresses = new Map<SchemaNode, string>();
  const visit = (node: unknown, address: string): void => {
    if (typeof node !== "object" || node === null) return;
    addresses.set(node, address);
    for (const [key, inner] of Object.entries(node)) visit(inner, pointerTo(address, key));
  };
  visit(root, "");
  return addresses;
}
