#!/usr/bin/env bash
# A real Slurm of two nodes on this machine, for tests: `cluster.sh READY`, as root.
#
# It lives in namespaces of its own, so it changes nothing on the host, meets no other Slurm, and
# when this process or the one that started it ends, the kernel ends all of it, jobs included.
# The file READY appears when jobs can be submitted. PID, the child of this process, is the way in:
#     nsenter --target PID --mount --net --uts --pid --wd="$PWD" sinfo
# The nodes n1 and n2 have host names of their own, and share the file system with the host, as
# compute nodes do, and /tmp, the process table and the ports with each other, as few do.
set -euo pipefail

if [ "${2-}" != inside ]; then
    exec setpriv --pdeathsig KILL unshare --mount --net --uts --pid --fork --kill-child --mount-proc "$0" "$1" inside
fi

hostname login
ip link set lo up
# Names resolve only where there is an address that is not 127.0.0.1.
ip address add 10.77.0.1/32 dev lo
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /etc/slurm
mkdir /run/slurm /run/munge /run/tmp
chown munge:munge /run/munge

printf '127.0.0.1 localhost\n10.77.0.1 login n1 n2\n' >/run/hosts
mount --bind /run/hosts /etc/hosts

cat >/etc/slurm/slurm.conf <<'CONF'
ClusterName=test
SlurmctldHost=login
SlurmUser=root
AuthType=auth/munge
# No accounting, as on small clusters: what works here works where there is one.
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
# Claim more CPUs and memory than there are.
SlurmdParameters=config_overrides
ReturnToService=2
StateSaveLocation=/run/slurm/state
SlurmdSpoolDir=/run/slurm/spool-%n
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/%n.pid
SlurmctldLogFile=/run/slurm/slurmctld.log
SlurmdLogFile=/run/slurm/%n.log
SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,defer_batch=0,bf_interval=1
OverTimeLimit=0
# A stopped process does not hear the signal before the kill. Ended jobs are there to be asked about.
KillWait=3
MinJobAge=3600
NodeName=n1 Port=17001 CPUs=4 RealMemory=16000
NodeName=n2 Port=17002 CPUs=4 RealMemory=16000
PartitionName=cpu Nodes=n1,n2 Default=YES MaxTime=600 LLN=YES State=UP
CONF

setpriv --reuid munge --regid munge --clear-groups munged --force --foreground \
    --log-file=/run/munge/munged.log --pid-file=/run/munge/munged.pid \
    --seed-file=/run/munge/munged.seed >/run/munge.out 2>&1 &
mkdir /run/slurm/state
until [ -S /run/munge/munge.socket.2 ]; do sleep 0.05; done
slurmctld -D >/run/slurm/slurmctld.out 2>&1 &
for node in n1 n2; do
    unshare --uts bash -c 'hostname "$1"; exec slurmd -D -N "$1"' bash "$node" \
        >"/run/slurm/$node.out" 2>&1 &
done
until [ "$(sinfo --noheader --Node --states=idle --format=%N 2>/dev/null | wc -l)" = 2 ]; do
    sleep 0.1
done
touch "$1"
wait
