/** Prometheus metrics of the coordinator. Values are read when they are asked for. */
import { NodeState } from '@dsr1/shared/http-api/resources';
import { collectDefaultMetrics, Gauge, Registry as MetricsRegistry } from 'prom-client';
import type { Registry } from './nodes/registry.ts';

export function createMetrics(nodes: Registry, leaderEpoch: () => number): MetricsRegistry {
  const registry = new MetricsRegistry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'dsr1_nodes',
    help: 'Nodes by state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const { const: state } of NodeState.anyOf) {
        this.set({ state }, nodes.all().filter((record) => nodes.state(record) === state).length);
      }
    },
  });
  new Gauge({
    name: 'dsr1_node_memory_available_bytes',
    help: 'Available memory of a node in its last heartbeat.',
    labelNames: ['node'],
    registers,
    collect() {
      this.reset();
      for (const { row, heartbeat } of nodes.all())
        if (heartbeat !== null) this.set({ node: row.name }, heartbeat.memoryAvailableBytes);
    },
  });
  new Gauge({
    name: 'dsr1_gpu_used_memory_bytes',
    help: 'Used memory of a GPU in the last heartbeat of its node.',
    labelNames: ['node', 'gpu'],
    registers,
    collect() {
      this.reset();
      for (const { row, heartbeat } of nodes.all()) {
        for (const gpu of heartbeat?.gpus ?? [])
          this.set({ node: row.name, gpu: gpu.index }, gpu.usedMemoryBytes);
      }
    },
  });
  new Gauge({
    name: 'dsr1_leader_epoch',
    help: 'Fencing number of this coordinator.',
    registers,
    collect() {
      this.set(leaderEpoch());
    },
  });
  return registry;
}
