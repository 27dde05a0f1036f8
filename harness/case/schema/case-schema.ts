import schema from "../../../schemas/case.schema.json" with { type: "json" };

/** What the published schema is made of: the part of draft-07 that it uses. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly string[];
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly items?: SchemaNode;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly propertyNames?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
}

export interface CaseSchema extends SchemaNode {
  readonly definitions: Readonly<Record<string, SchemaNode>>;
}

/** The published schema: what editors complete from, and what a case is checked against. */
export const CASE_SCHEMA: CaseSchema = schema as unknown as CaseSchema;

/** The schema that a `$ref` stands for, or the node itself. */
export function dereference(node: SchemaNode): SchemaNode {
  if (node.$ref === undefined) return node;
  const target = CASE_SCHEMA.definitions[node.$ref.slice("#/definitions/".length)];
  if (target === undefined) throw new Error(`the schema has no definition ${node.$ref}`);
  return dereference(target);
}
