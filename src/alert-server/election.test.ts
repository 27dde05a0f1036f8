import { afterEach, describe, expect, test } from "@jest/globals";
import { createSeededRandom, createSystemClock, waitUntil } from "../base/index.ts";
import { MemoryRegistry, MemoryServer } from "../registry/memory/index.ts";
import type { RegistrySession } from "../registry/registry.ts";
import { Election } from "./election.ts";
