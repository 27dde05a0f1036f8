/** Stands in `kill_reason` before the kill is sent: whoever hears of its end knows what it means. */
export const TIMEOUT_REASON = "TIMEOUT";
