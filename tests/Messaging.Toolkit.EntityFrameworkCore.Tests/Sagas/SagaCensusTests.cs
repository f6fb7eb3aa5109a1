using System.Reflection;
using Messaging.Toolkit.Diagnostics;
using Messaging.Toolkit.Sagas;
using Messaging.Toolkit.Sagas.Running;
using Messaging.Toolkit.Sagas.Storage;
using Messaging.Toolkit.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging.Toolkit.EntityFrameworkCore.Tests.Sagas;

/// <summary>What reads all unfinished instances is done by one process, and by others only when they have to know.</summary>
public sealed class SagaCensusTests
{
    private readonly WorkState state = new("sagas");
    private readonly Catalogue catalogue = Catalogue.Create();

    [Fact]
    public async Task A_process_that_does_not_keep_house_looks_once()
    {
        await RunAsync(keepsHouse: false);

        catalogue.Queries.Should().Equal("ReadStandingsAsync");
        state.Trouble.Should().BeNull();
    }

    [Fact]
    public async Task The_process_that_keeps_house_looks_in_each_round_by_one_query()
    {
        await RunAsync(keepsHouse: true);

        catalogue.Queries.Should().Equal(Enumerable.Repeat("ReadStandingsAsync", 3));
    }

    [Fact]
    public async Task A_process_that_has_found_something_goes_on_looking_until_it_is_gone()
    {
        catalogue.Standings = [new SagaStanding("shop.rental", 1, "another", SagaStatus.Running, "wings", 2)];
        var census = await RunAsync(keepsHouse: false);
        catalogue.Queries.Should().Equal(Enumerable.Repeat(new[] { "ReadStandingsAsync", "ReadProgressAsync" }, 3).SelectMany(queries => queries));
        state.Trouble.Should().Contain("2 instances of 'shop.rental', version 1, stand at 'wings'");

        catalogue.Standings = [];
        await census.RunOnceAsync(default);
        state.Trouble.Should().BeNull();

        catalogue.Queries.Clear();
        await census.RunOnceAsync(default);
        catalogue.Queries.Should().BeEmpty();
    }

    [Fact]
    public async Task Instances_of_another_shape_are_read_page_by_page_and_counted_by_what_they_depend_on()
    {
        catalogue.Standings = [new SagaStanding("shop.rental", 1, "another", SagaStatus.Running, "car", 700)];
        catalogue.Progress = [.. Enumerable.Range(0, 700).Select(i => (Guid.NewGuid(), i < 3 ? """{"status":"Running","steps":[{"step":"car","state":"Running"}],"effects":["wings"]}""" : i < 5 ? "{}" : """{"status":"Running","steps":[],"effects":[]}"""))];

        await RunAsync(keepsHouse: false);

        state.Trouble.Should().StartWith("3 instances of 'shop.rental', version 1, depend on 'wings', which the definition does not have");
        catalogue.Queries.Take(3).Should().Equal("ReadStandingsAsync", "ReadProgressAsync", "ReadProgressAsync");
    }

    private async Task<SagaCensus> RunAsync(bool keepsHouse)
    {
        var census = new SagaCensus(MessageStore.With(catalogue), [new RentalV1().Build()], () => keepsHouse, state, TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        for (var round = 0; round < 3; round++)
        {
            await census.RunOnceAsync(default);
        }

        return census;
    }

    /// <summary>A catalogue that notes what it is asked.</summary>
    public class Catalogue : DispatchProxy
    {
        public List<string> Queries { get; } = [];

        public IReadOnlyList<SagaStanding> Standings { get; set; } = [];

        public IReadOnlyList<(Guid Id, string Progress)> Progress { get; set; } = [];

        public static Catalogue Create() => (Catalogue)(object)Create<ISagaCatalogue, Catalogue>();

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Queries.Add(targetMethod!.Name);
            return targetMethod.Name switch
            {
                nameof(ISagaCatalogue.ReadStandingsAsync) => Task.FromResult(Standings),
                nameof(ISagaCatalogue.ReadProgressAsync) => Task.FromResult<IReadOnlyList<(Guid Id, string Progress)>>(
                    [.. Progress.SkipWhile(each => args![3] is Guid last && each.Id != last).Skip(args![3] is null ? 0 : 1).Take((int)args[4]!)]),
                _ => throw new NotSupportedException(targetMethod.Name),
            };
        }
    }

    /// <summary>A store that has nothing but a catalogue.</summary>
    public class MessageStore : DispatchProxy
    {
        private object? catalogue;

        public static IMessageStore With(object catalogue)
        {
            var store = Create<IMessageStore, MessageStore>();
            ((MessageStore)(object)store).catalogue = catalogue;
            return store;
        }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name switch
        {
            "get_SagaCatalogue" => catalogue,
            "get_Name" => "ShopDb",
            _ => throw new NotSupportedException(targetMethod.Name),
        };
    }
}
