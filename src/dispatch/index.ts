export { createDispatcher, type DeliveryOutcome, type Dispatcher, type DispatchItem } from "./dispatcher.ts";
export { createLoadBalancer, type WorkerCandidate } from "./load-balancer.ts";
