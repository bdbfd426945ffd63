import { expectTypeOf } from 'vitest';
import type { Call, Principal } from '../core/call.ts';
import type { TypedMiddleware } from '../core/typed-call.ts';
import { requireAuth } from './require-auth.ts';

interface Tenanted extends Call {
  readonly tenant: string;
}

/** Takes middleware as the builder does. */
declare class Chain<C extends Call = Call> {
  readonly call: C;
  use<Out extends C>(middleware: TypedMiddleware<C, Out>): Chain<Out>;
}
declare const chain: Chain;
declare const tenanted: Chain<Tenanted>;

expectTypeOf(chain.call.principal).toEqualTypeOf<Principal | null>();
expectTypeOf(chain.use(requireAuth()).call.principal).toEqualTypeOf<Principal>();
expectTypeOf(tenanted.use(requireAuth({ scopes: ['read'] })).call.principal).toEqualTypeOf<Principal>();
expectTypeOf(tenanted.use(requireAuth()).call.tenant).toEqualTypeOf<string>();
