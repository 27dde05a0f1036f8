import { required } from "../base/index.ts";
import { runGuard } from "../guard/index.ts";

runGuard(required(process.argv[2], "the data directory as the first argument")).then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
