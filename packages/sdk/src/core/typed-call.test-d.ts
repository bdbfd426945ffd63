import { expectTypeOf, test } from 'vitest';
import type { Call, Principal } from './call.ts';
import type { Middleware } from './handler.ts';
import type { TypedMiddleware } from './typed-call.ts';

declare class Builder<C extends Call> {
  readonly call: C;
  use<Out extends C = C>(middleware: TypedMiddleware<C, Out>): Builder<Out>;
}
declare const builder: Builder<Call>;
declare const requireAuth: () => Middleware<Call, Call & { readonly principal: Principal }>;

test('the method tells params and result; what a middleware adds is seen by those that follow', () => {
  const authed = builder.use(requireAuth());
  expectTypeOf(authed.call.principal).toEqualTypeOf<Principal>();
  authed.use((next) => async (call) => {
    expectTypeOf(call.principal.subject).toEqualTypeOf<string>();
    if (call.method === 'tools/call') {
      expectTypeOf(call.params.value.name).toEqualTypeOf<string>();
      const reply = await next(call);
      const result = await reply.result();
      expectTypeOf(result.content[0]!.type).toExtend<string>();
      expectTypeOf(result.isError).toEqualTypeOf<boolean | undefined>();
      return next(call);
    }
    if (call.method === 'tools/list') {
      const { tools } = await (await next(call)).result();
      expectTypeOf(tools[0]!.name).toEqualTypeOf<string>();
    }
    return next(call);
  });
  const kept = authed.use((next) => (call) => next(call));
  expectTypeOf(kept.call.principal).toEqualTypeOf<Principal>();
});
