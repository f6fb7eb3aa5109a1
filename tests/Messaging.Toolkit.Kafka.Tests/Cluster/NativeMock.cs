using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace Messaging.Toolkit.Kafka.Tests.Cluster;

/// <summary>The cluster that librdkafka carries for tests. It speaks the real protocol on sockets of the loopback interface.</summary>
internal static partial class NativeMock
{
    private const string Library = "librdkafka";
    private const int Producer = 0;
    private const int ErrorSize = 512;

    /// <summary>What its package brings for one platform, in the order in which the client tries them: it has to be the same one as the client's.</summary>
    private static readonly string[] Builds = [Library, "centos8-" + Library, "alpine-" + Library];

    static NativeMock() => NativeLibrary.SetDllImportResolver(typeof(NativeMock).Assembly, Load);

    public static nint NewClient()
    {
        // Its own log would go to the console.
        var configuration = NewConfiguration();
        Set(configuration, "log_level", "0");
        Span<byte> error = new byte[ErrorSize];
        var client = New(Producer, configuration, ref MemoryMarshal.GetReference(error), ErrorSize);
        return client != 0 ? client : throw new InvalidOperationException(Encoding.UTF8.GetString(error).TrimEnd('\0'));
    }

    public static string BootstrapServersOf(nint cluster) => Marshal.PtrToStringUTF8(Bootstraps(cluster))!;

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_new")]
    public static partial nint NewCluster(nint client, int brokers);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_destroy")]
    public static partial void DestroyCluster(nint cluster);

    [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
    public static partial void DestroyClient(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int CreateTopic(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_set_error", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetTopicError(nint cluster, string topic, int error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_down")]
    public static partial int SetDown(nint cluster, int broker);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_up")]
    public static partial int SetUp(nint cluster, int broker);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_rtt")]
    public static partial int SetRoundTrip(nint cluster, int broker, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
    public static partial void SetInitialRebalanceDelay(nint cluster, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
    public static partial void PushErrors(nint cluster, short api, nuint count, ReadOnlySpan<int> errors);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_clear_request_errors")]
    public static partial void ClearErrors(nint cluster, short api);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_partition_set_leader", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetLeader(nint cluster, string topic, int partition, int broker);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_coordinator_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetCoordinator(nint cluster, string kind, string key, int broker);

    [LibraryImport(Library, EntryPoint = "rd_kafka_test_fatal_error", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeFatal(nint client, int error, string reason);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    private static partial nint Bootstraps(nint cluster);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
    private static partial nint NewConfiguration();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(nint configuration, string name, string value, nint error = 0, nuint errorSize = 0);

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    private static partial nint New(int type, nint configuration, ref byte error, nuint errorSize);

    private static nint Load(string name, Assembly assembly, DllImportSearchPath? path)
    {
        var handle = nint.Zero;
        return name == Library && Array.Exists(Builds, build => NativeLibrary.TryLoad(build, assembly, path, out handle)) ? handle : nint.Zero;
    }
}
