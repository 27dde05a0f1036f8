export {
  createDispatcher,
  type DeliveryOutcome,
  type Dispatcher,
  type DispatchItem,
  type GroupService,
} from "./dispatcher.ts";
export { createLoadBalancer, type WorkerCandidate } from "./load-balancer.ts";
