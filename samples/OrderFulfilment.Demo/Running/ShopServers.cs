using OrderFulfilment.Demo.Proving;

namespace OrderFulfilment.Demo.Running;

/// <summary>What a run of the shop works on.</summary>
internal static class ShopServers
{
    public static DemoDatabase<FulfilmentDb> NewDatabase(string kind, string folder)
        => DemoDatabase<FulfilmentDb>.New(kind, folder, options => new FulfilmentDb(options, TimeProvider.System));

    public static async Task<DemoBroker> NewBrokerAsync(string transport) => await DemoBroker.NewAsync(transport, OrderFulfilmentServices.Endpoints, Story.Messages);
}
