/** What libibverbs says where it cannot serve a device (rdma-core, libibverbs/init.c and dynamic_driver.c). */

export interface ProviderTrouble {
  /** `mlx5`, `bnxt_re`; null where the line names none. */
  readonly provider: string | null;
  /** null where the line speaks of a library, not of a device. */
  readonly device: string | null;
  /** In words, without the name of the device. */
  readonly because: string;
}

/** The complaint in a line; null for every other line. */
export function providerTrouble(line: string): ProviderTrouble | null {
  // Of the millions of lines that a log may have, most end here.
  if (!line.includes('river')) return null;
  const abi =
    /Driver ([\w-]{1,32}) does not support the kernel ABI of (\d{1,5}) \(supports (\d{1,5}) to (\d{1,5})\) for device \S*?([A-Za-z][\w.-]{0,63})\s*$/.exec(
      line,
    );
  if (abi !== null) {
    const [, provider = '', kernel, from, to, device = ''] = abi;
    const because = `the ${provider} library speaks kernel ABI ${from === to ? from : `${from} to ${to}`}, the kernel’s driver ${kernel}`;
    return { provider, device, because };
  }
  const library =
    /couldn't load driver '(?:\S*\/)?(?:lib)?([\w-]{1,40}?)(?:-rdmav\d{1,4})?(?:\.so[\d.]*)?'/.exec(
      line,
    )?.[1];
  if (library !== undefined)
    return { provider: library, device: null, because: `its library lib${library} cannot be loaded` };
  const bare = /no userspace device-specific driver found for \S*\/([A-Za-z][\w.-]{0,63})/.exec(line)?.[1];
  if (bare === undefined) return null;
  return {
    provider: null,
    device: /^uverbs\d+$/.test(bare) ? null : bare,
    because: 'no library for it is installed',
  };
}

/** Whether the library is the one of this device, by its driver or its name; null where neither tells. */
export function isProviderOf(
  provider: string,
  { device, driver }: { readonly device: string; readonly driver: string | null },
): boolean | null {
  const known =
    driver ??
    /^(mlx[45]|bnxt_re|irdma|qedr|efa|erdma|hns|mana|rxe|siw|i40iw|ocrdma|hfi1|cxgb4|ionic)/.exec(
      device,
    )?.[1];
  return known === undefined ? null : known.startsWith(provider) || provider.startsWith(known);
}

/** What ibv_devinfo, ibv_devices, perftest and ibstatus say where there is no device at all. */
export function saysNoDevices(line: string): boolean {
  return /^\s*(?:No IB devices found|Did not detect devices)\s*$|: sys files not found \(\/sys\/class\/infiniband\/\*/i.test(
    line,
  );
}
