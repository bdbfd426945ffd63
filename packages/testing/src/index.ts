export { createCallRecorder, type CallRecorder, type RecordedCall } from './fakes/call-recorder.ts';
export { createFakeClock, type FakeClock } from './fakes/fake-clock.ts';
export {
  createFakeServer,
  type FakePrompt,
  type FakeResource,
  type FakeServer,
  type FakeServerOptions,
  type FakeTool,
} from './fakes/fake-server.ts';
export { createSeededRandom, type SeededRandom } from './fakes/seeded-random.ts';
export { createTestCaller, type Answer, type Notification, type TestCaller } from './fakes/test-caller.ts';
export { delay } from './faults/delay.ts';
export { drop, type DropOptions } from './faults/drop.ts';
export { failAtRandom, failEvery, failFirst, failWith, type Failure } from './faults/fail.ts';
export type { Fault } from './faults/fault.ts';
export { hang } from './faults/hang.ts';
export { onlyWhen } from './faults/only-when.ts';
