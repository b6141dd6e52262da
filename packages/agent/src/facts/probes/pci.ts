import type { Host } from '../../host/host.ts';

const DEVICES = '/sys/bus/pci/devices';
const NVIDIA = '0x10de';

/** NVIDIA's devices as the PCI bus shows them, driver or not. */
export async function countNvidiaDevices(
  host: Host,
): Promise<{ readonly gpus: number; readonly switches: number }> {
  const functions = (await host.list(DEVICES)) ?? [];
  const vendors = await host.readTable(functions.map((name) => `${DEVICES}/${name}/vendor`));
  const own = functions.filter((_, at) => vendors[at]?.trim() === NVIDIA);
  const classes = (await host.readTable(own.map((name) => `${DEVICES}/${name}/class`))).map(
    (text) => text?.trim() ?? '',
  );
  return {
    // Display controllers (03xx), and bridges of class "other" (0680), which NVSwitches are.
    gpus: classes.filter((code) => /^0x030[02]/.test(code)).length,
    switches: classes.filter((code) => code.startsWith('0x0680')).length,
  };
}

/** Folder of a PCI function under its bridges (`/sys/devices/pci0000:15/0000:15:01.0/…`); null when it is not there. */
export const pciPath = (host: Host, pci: string): Promise<string | null> =>
  host.realPath(`${DEVICES}/${pci}`);

export const pciFolder = (pci: string): string => `${DEVICES}/${pci}`;
