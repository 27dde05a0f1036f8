/** @jest-config-loader esbuild-register */
import type { Config } from "jest";

const transform: Config["transform"] = {
  "^.+\\.ts$": [
    "@swc/jest",
    { jsc: { target: "es2022", parser: { syntax: "typescript" } }, sourceMaps: "inline" },
  ],
};

const config: Config = {
  reporters: [
    "default",
    [
      "jest-junit",
      {
        outputDirectory: ".runs",
        outputName: "junit.xml",
        addFileAttribute: "true",
        // An environment that cannot be had is an error in the report, not a report of nothing.
        reportTestSuiteErrors: "true",
      },
    ],
  ],
  projects: [
    {
      displayName: "unit",
      transform,
      testMatch: ["<rootDir>/{src,harness}/**/*.test.ts"],
    },
    {
      // The registry contract, against every back end that can be had here: needs the services, hence its own set-up.
      displayName: "contract",
      transform,
      testMatch: ["<rootDir>/{src,harness}/**/*.contract-test.ts"],
      globalSetup: "<rootDir>/harness/jest/services-setup.ts",
      globalTeardown: "<rootDir>/harness/jest/services-teardown.ts",
    },
    {
      // Every YAML file under cases/ is a test file.
      displayName: "cases",
      runner: "<rootDir>/scripts/jest-case-runner.cjs",
      testMatch: ["<rootDir>/cases/**/*.yaml"],
      // Parts of cases, and data of them.
      testPathIgnorePatterns: ["/fixtures/"],
      moduleFileExtensions: ["js", "yaml"],
    },
  ],
};

export default config;
