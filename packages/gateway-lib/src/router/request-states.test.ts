import { createCall, Payload, resultReply, systemRandom, type JsonObject, type Principal } from '@org/mcp-sdk';
import { createSeal, peekResult } from '@org/mcp-sdk/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FakeConnection, FakeEndpoint, upstreamOf } from '../../test/support/fakes.ts';
import type { RoutedCall } from '../core/routed-call.ts';
import { RequestStates } from './request-states.ts';
import { createRestamp } from './restamp.ts';

const seal = createSeal(new Uint8Array(32).fill(1), systemRandom);
const clock = new FakeClock();
const ASKS = { resultType: 'input_required', inputRequests: { a: { method: 'roots/list' } }, requestState: 'its own' };

let connection: FakeConnection;
let endpoint: FakeEndpoint;

beforeEach(() => {
  connection = new FakeConnection();
  endpoint = new FakeEndpoint('here', connection);
});

const statesOf = (replica: string, name = 'gateway'): RequestStates =>
  new RequestStates({ name, seal, clock, replica });

function callOf(params: JsonObject = {}, principal: Principal | null = null): RoutedCall {
  const call = createCall(
    'tools/call',
    { name: 'up_ask', arguments: { to: 1 }, ...params },
    { principal, clientCapabilities: { roots: {} } },
  );
  return { ...call, route: { upstream: upstreamOf('up', endpoint), target: 'ask' } };
}

/** What the caller of `call` gets for what its upstream answers. */
async function given(result: JsonObject, call = callOf(), states = statesOf('one')): Promise<JsonObject> {
  const reply = resultReply(Payload.json<JsonObject>(JSON.stringify(result)), peekResult);
  return (await createRestamp([states.restamp])(reply, { call, endpoint })).result();
}

const ada: Principal = { subject: 'ada', scopes: new Set() };
describe('the state of an upstream that asks', () => {
  it('is sealed for its caller, and its upstream gets it back', async () => {
    const { requestState, ...rest } = await given(ASKS, callOf({}, ada));
    expect(rest).toEqual({ resultType: 'input_required', inputRequests: ASKS.inputRequests });
    expect(requestState).not.toContain('its own');
    const retry = await statesOf('two').open(callOf({ requestState, inputResponses: {} }, ada));
    expect(retry.params.value).toMatchObject({ requestState: 'its own', inputResponses: {}, arguments: { to: 1 } });
  });

  it('is good for the gateway, or the view, that made it only', async () => {
    const { requestState } = await given(ASKS, callOf({}, ada));
    await expect(statesOf('one', 'view').open(callOf({ requestState }, ada))).rejects.toThrow('not one of this call');
  });

  it.each<[string, JsonObject, Principal | null]>([
    ['another principal', {}, { ...ada, subject: 'eve' }],
    ['nobody', {}, null],
    ['other arguments', { arguments: { to: 2 } }, ada],
  ])('is not good for %s', async (_, params, principal) => {
    const { requestState } = await given(ASKS, callOf({}, ada));
    await expect(statesOf('one').open(callOf({ ...params, requestState }, principal))).rejects.toMatchObject({
      code: 'invalid_params',
      message: expect.stringContaining('not one of this call') as string,
    });
  });

  it('is not good for another upstream, when it was changed, or when it is none', async () => {
    const { requestState } = await given(ASKS);
    const elsewhere = {
      ...callOf({ requestState }),
      route: { upstream: upstreamOf('other', endpoint), target: 'ask' },
    };
    await expect(statesOf('one').open(elsewhere)).rejects.toMatchObject({ code: 'invalid_params' });
    for (const state of [`${String(requestState)}A`, 'its own', 7])
      await expect(statesOf('one').open(callOf({ requestState: state }))).rejects.toMatchObject({
        code: 'invalid_params',
      });
  });

  it('is not given to who cannot be asked, and not where nothing can be asked', async () => {
    const inputRequests = { a: { method: 'elicitation/create', params: { message: 'm' } } };
    await expect(given({ ...ASKS, inputRequests })).rejects.toMatchObject({ code: 'missing_client_capability' });
    const completion = { ...callOf(), method: 'completion/complete' };
    await expect(given(ASKS, completion)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await given({ completion: { values: ['input_required'] } }, completion)).toHaveProperty('completion');
  });

  it('expires after a day', async () => {
    const { requestState } = await given(ASKS);
    clock.advance(24 * 60 * 60 * 1000);
    await expect(statesOf('one').open(callOf({ requestState }))).rejects.toThrow('has expired');
  });

  it('of a legacy upstream goes back to the endpoint that holds the call, or says which replica does', async () => {
    connection.era = 'legacy';
    const { requestState } = await given(ASKS);
    expect((await statesOf('one').open(callOf({ requestState }))).route.endpoint).toBe(endpoint);
    await expect(statesOf('two').open(callOf({ requestState }))).rejects.toThrow('another replica of this gateway');
  });

  it('of a modern upstream may go to any endpoint', async () => {
    const { requestState } = await given(ASKS);
    expect((await statesOf('one').open(callOf({ requestState }))).route.endpoint).toBeUndefined();
  });

  it.each<[string, JsonObject]>([
    ['complete results', { resultType: 'complete', content: [{ type: 'text', text: 'input_required' }] }],
    ['questions without a state', { resultType: 'input_required', inputRequests: {} }],
  ])('%s stay as they are', async (_, result) => {
    expect(await given(result)).toEqual(result);
  });

  it('calls of the first round, and of methods that do not ask, are left alone', () => {
    const first = callOf();
    expect(statesOf('one').open(first)).toBe(first);
    const other = { ...callOf({ requestState: 'x' }), method: 'completion/complete' };
    expect(statesOf('one').open(other)).toBe(other);
  });
});
