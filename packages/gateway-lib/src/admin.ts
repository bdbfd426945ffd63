export { createProfiler, type ProfilerOptions } from './admin/create-profiler.ts';
export type { CpuNode, CpuProfile, Frame, HeapNode, HeapProfile } from './admin/profile.ts';
export type { Hotspot } from './admin/hotspots.ts';
export type { Profile, ProfileOptions, Profiler } from './admin/profiler.ts';
