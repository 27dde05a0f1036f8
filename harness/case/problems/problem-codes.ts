/** What each code of a problem in a case file means, and what to do. docs/errors.md is generated from this table. */
export const PROBLEM_CODES = {
  "case/not-found": {
    meaning:
      "A path on the command line, under `use` or under `fixture` does not exist, or holds no YAML file.",
    fix: "Correct the path. Paths inside of a case file are relative to that file.",
  },
  "case/unreadable": {
    meaning: "The file cannot be read: it is a directory, not a regular file, or may not be opened.",
    fix: "Name a YAML file that you may read.",
  },
  "case/encoding": {
    meaning: "The file is not UTF-8 text.",
    fix: "Save it as UTF-8.",
  },
  "case/too-large": {
    meaning:
      "The file, what its aliases unfold to, or the number of its matrix combinations is beyond the limit.",
    fix: "Split the case, or shrink the matrix.",
  },
  "case/empty": { meaning: "The file holds no YAML value.", fix: "Write a case, or remove the file." },
  "case/yaml": {
    meaning:
      "The file is not valid YAML 1.2: the parser says what it stumbled over. Keys of a map are unique.",
    fix: "Look at the line; scripts with any of , : # [ ] { } are best a `|` block.",
  },
  "case/use": {
    meaning: "`use` cannot be followed.",
    fix: "Name files that are maps with the keys of a case.",
  },
  "case/use-cycle": {
    meaning: "Files use each other in a circle.",
    fix: "Take one of the `use` entries of the circle away.",
  },
  "case/matrix": {
    meaning:
      "A `$matrix` name does not exist, or stands where only a whole value, list or map may be put in.",
    fix: "Use `$matrix.key` or `$matrix.key.inner` as a whole value, with keys of this case's matrix.",
  },
  "case/unknown-key": {
    meaning:
      "A key that has no meaning at this place. Which keys have one is decided by the main key beside it.",
    fix: "Correct the spelling, or move it to where it belongs (docs/case-reference.md).",
  },
  "case/missing-key": { meaning: "A key that has to be there is not.", fix: "Add it." },
  "case/main-key": {
    meaning:
      "A task, step, moment, role, command or event pattern needs exactly one main key, which says what it is.",
    fix: "Give it exactly one of those listed.",
  },
  "case/type": {
    meaning: "The value has the wrong type, such as text where a list belongs.",
    fix: "Text that looks like a number, true, false or null has to be in quotes.",
  },
  "case/value": {
    meaning: "The value has the right type, but is not one of those allowed.",
    fix: "See the list.",
  },
  "case/unknown-name": {
    meaning:
      "A node, worker group, workflow, task, instance, step, table or column of that name does not exist.",
    fix: "Correct the name, or define it.",
  },
  "case/duplicate": { meaning: "A name is given twice.", fix: "Give each its own name." },
  "case/cycle": {
    meaning: "Tasks wait for each other in a circle.",
    fix: "Take one `after`, `then` or `else` away.",
  },
  "case/ambiguous": {
    meaning: "A workflow name stands for its only instance, but there are several.",
    fix: "Say which: `etl#1`, `etl#2`.",
  },
  "case/impossible": {
    meaning:
      "The case asks for something that can never be: a state, an order or a target that cannot come about.",
    fix: "The message says what contradicts what.",
  },
  "case/fixture": {
    meaning: "The fixture is not in the vocabulary of DolphinScheduler's tests, or does not fit together.",
    fix: "Correct the fixture; unknown keys are errors there as well.",
  },
} as const;

export type ProblemCode = keyof typeof PROBLEM_CODES;
