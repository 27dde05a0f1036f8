import jsep from "jsep";
import { errorMessage } from "../../base/index.ts";

/**
 * Conditions of SWITCH tasks: comparisons, `&& || !`, arithmetic, numbers, texts, `true` and `false`, parentheses and
 * parameters as `${name}`. Parsed into a tree and walked here: nothing of it is ever run as code.
 */

/** A condition that cannot be evaluated. The message says why. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

type Value = number | string | boolean;

/** A condition is a line that a person types; the parser recurses with its depth. */
const MAX_LENGTH = 4000;
const NUMBER = /^\s*[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?\s*$/i;

/** Parameters are texts: one that looks like a number or a boolean is meant as one. */
function valueOf(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  return NUMBER.test(text) ? Number(text) : text;
}

function lookUp(name: string, parameters: Readonly<Record<string, string>>): string {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (value === undefined) throw new ExpressionError(`there is no parameter ${name}`);
  return value;
}

/** Whoever reads the tree again finds the parameter by its number. */
const STAND_IN = "$";

interface Source {
  readonly text: string;
  readonly names: readonly string[];
}

/** Parameters outside of texts become identifiers; those inside are filled in when the text is read. */
function withStandIns(expression: string): Source {
  const names: string[] = [];
  const text = expression.replaceAll(
    /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$\{([^}]*)\}/g,
    (whole, name?: string) => {
      if (name === undefined) return whole;
      names.push(name.trim());
      return `${STAND_IN}${names.length - 1}`;
    },
  );
  return { text, names };
}

function asNumber(value: Value): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && NUMBER.test(value) ? Number(value) : undefined;
}

function isEqual(left: Value, right: Value): boolean {
  if (typeof left === typeof right) return left === right;
  const [one, other] = [asNumber(left), asNumber(right)];
  return one !== undefined && other !== undefined ? one === other : String(left) === String(right);
}

function compare(operator: string, left: Value, right: Value): number {
  const [one, other] = [asNumber(left), asNumber(right)];
  if (one !== undefined && other !== undefined) return one - other;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  throw new ExpressionError(
    `${JSON.stringify(left)} ${operator} ${JSON.stringify(right)} cannot be compared`,
  );
}

function calculate(operator: string, left: Value, right: Value): Value {
  const [one, other] = [asNumber(left), asNumber(right)];
  if (one === undefined || other === undefined) {
    if (operator === "+") return `${left}${right}`;
    throw new ExpressionError(
      `${JSON.stringify(left)} ${operator} ${JSON.stringify(right)} cannot be calculated`,
    );
  }
  if ((operator === "/" || operator === "%") && other === 0) throw new ExpressionError("a division by zero");
  switch (operator) {
    case "+":
      return one + other;
    case "-":
      return one - other;
    case "*":
      return one * other;
    case "/":
      return one / other;
    default:
      return one % other;
  }
}

function isTrue(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new ExpressionError(`${JSON.stringify(value)} is neither true nor false`);
}

type Walk = (node: jsep.Expression) => Value;

function walkBinary(node: jsep.BinaryExpression, walk: Walk): Value {
  const { operator } = node;
  const left = walk(node.left);
  if (operator === "&&") return isTrue(left) && isTrue(walk(node.right));
  if (operator === "||") return isTrue(left) || isTrue(walk(node.right));
  const right = walk(node.right);
  switch (operator) {
    case "==":
    case "===":
      return isEqual(left, right);
    case "!=":
    case "!==":
      return !isEqual(left, right);
    case "<":
      return compare(operator, left, right) < 0;
    case "<=":
      return compare(operator, left, right) <= 0;
    case ">":
      return compare(operator, left, right) > 0;
    case ">=":
      return compare(operator, left, right) >= 0;
    case "+":
    case "-":
    case "*":
    case "/":
    case "%":
      return calculate(operator, left, right);
    default:
      throw new ExpressionError(`the operator ${operator} is not known`);
  }
}

function walkUnary(node: jsep.UnaryExpression, walk: Walk): Value {
  const value = walk(node.argument);
  if (node.operator === "!") return !isTrue(value);
  const number = asNumber(value);
  if (number === undefined || (node.operator !== "-" && node.operator !== "+"))
    throw new ExpressionError(`${node.operator}${JSON.stringify(value)} cannot be calculated`);
  return node.operator === "-" ? -number : number;
}

function walkLiteral(node: jsep.Literal, parameters: Readonly<Record<string, string>>): Value {
  const { value } = node;
  if (typeof value === "string")
    return value.replaceAll(/\$\{([^}]*)\}/g, (_, name: string) => lookUp(name.trim(), parameters));
  if (typeof value === "number" || typeof value === "boolean") return value;
  throw new ExpressionError(`${node.raw} is not known`);
}

function parse(text: string): jsep.Expression {
  try {
    return jsep(text);
  } catch (error) {
    throw new ExpressionError(errorMessage(error), { cause: error });
  }
}

/** Whether a condition holds with these parameters. Throws ExpressionError. */
export function evaluateCondition(expression: string, parameters: Readonly<Record<string, string>>): boolean {
  if (expression.length > MAX_LENGTH) throw new ExpressionError(`it is longer than ${MAX_LENGTH} characters`);
  const { text, names } = withStandIns(expression);
  const walk: Walk = (node) => {
    switch (node.type) {
      case "Literal":
        return walkLiteral(node as jsep.Literal, parameters);
      case "Identifier": {
        const { name } = node as jsep.Identifier;
        const standsFor = name.startsWith(STAND_IN) ? names[Number(name.slice(STAND_IN.length))] : undefined;
        if (standsFor === undefined)
          throw new ExpressionError(`${name} is not known: a parameter is \${${name}}`);
        return valueOf(lookUp(standsFor, parameters));
      }
      case "UnaryExpression":
        return walkUnary(node as jsep.UnaryExpression, walk);
      case "BinaryExpression":
      case "LogicalExpression":
        return walkBinary(node as jsep.BinaryExpression, walk);
      default:
        throw new ExpressionError(`it has something in it that no condition has (${node.type})`);
    }
  };
  try {
    return isTrue(walk(parse(text)));
  } catch (error) {
    if (error instanceof ExpressionError) throw error;
    throw new ExpressionError(errorMessage(error), { cause: error });
  }
}
