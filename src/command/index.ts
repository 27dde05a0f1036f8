export { type ClaimLoop, startClaimLoop } from "./claim-loop.ts";
