using System.Runtime.InteropServices;
using System.Threading.Channels;
using Messaging.Toolkit.Kafka.Tests.Cluster;

// What eng/servers.d/kafka starts. It writes the addresses of the brokers to a file when they take connections, and runs until SIGTERM. On SIGHUP all
// brokers go down, come back after a while with what they had, and the file is written again. Nothing outlives the process.
const int Brokers = 3;
var outage = TimeSpan.FromSeconds(5);

if (args is not [var addressFile])
{
    Console.Error.WriteLine("Which file are the addresses to be written to?");
    return 2;
}

var signals = Channel.CreateUnbounded<PosixSignal>();
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Note);
using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Note);
using var onHangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Note);

var client = NativeMock.NewClient();
var cluster = NativeMock.NewCluster(client, Brokers);
NativeMock.SetInitialRebalanceDelay(cluster, 0);
WriteAddress();

await foreach (var signal in signals.Reader.ReadAllAsync())
{
    if (signal != PosixSignal.SIGHUP)
    {
        break;
    }

    Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} down");
    ForEachBroker(broker => NativeMock.SetDown(cluster, broker));
    await Task.Delay(outage);
    ForEachBroker(broker => NativeMock.SetUp(cluster, broker));
    Console.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} up");
    WriteAddress();
}

NativeMock.DestroyCluster(cluster);
NativeMock.DestroyClient(client);
return 0;

void Note(PosixSignalContext context)
{
    context.Cancel = true;
    signals.Writer.TryWrite(context.Signal);
}

void ForEachBroker(Func<int, int> act)
{
    for (var broker = 1; broker <= Brokers; broker++)
    {
        if (act(broker) is not 0 and var error)
        {
            throw new InvalidOperationException($"Broker {broker} could not be set down or up: error {error}.");
        }
    }
}

// At once or not at all: a reader must not see half of it.
void WriteAddress()
{
    File.WriteAllText(addressFile + ".new", NativeMock.BootstrapServersOf(cluster) + "\n");
    File.Move(addressFile + ".new", addressFile, overwrite: true);
}
