using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;
using Messaging.Toolkit.Sagas;
using Microsoft.AspNetCore.Mvc;
using Samples.Hosting;
using SpaceProvisioning.Spaces;

namespace SpaceProvisioning.Tests;

/// <summary>What the sample answers.</summary>
public sealed class SpacesApiTests
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_space_that_is_done_in_time_is_the_answer_and_a_repeated_request_gets_the_same()
    {
        await using var server = await SpaceServer.StartAsync();
        var key = Guid.NewGuid();

        var response = await server.PostAsync("ann", $"\"{key}\"");
        var again = await server.PostAsync("ann", key.ToString());
        var taken = await server.PostAsync("ann");
        var other = await server.PostAsync("bob", key.ToString());

        response.StatusCode.Should().Be(HttpStatusCode.OK);
        (await response.Content.ReadFromJsonAsync<Provisioning>()).Should().BeEquivalentTo(new { SpaceId = key, Name = "ann", Host = "ann.spaces.example" });
        (await again.Content.ReadAsStringAsync()).Should().Be(await response.Content.ReadAsStringAsync());
        (await taken.Content.ReadFromJsonAsync<ProblemDetails>())!.Should().BeEquivalentTo(new { Status = 409, Detail = "record: the name is taken" });
        other.StatusCode.Should().Be(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task A_space_that_cannot_be_done_is_answered_by_the_reason_when_nothing_is_left()
    {
        await using var server = await SpaceServer.StartAsync();
        var key = Guid.NewGuid();

        var response = await server.PostAsync("no-route-ann", key.ToString());
        var view = await ViewAsync(server, $"/spaces/{key}");

        response.StatusCode.Should().Be(HttpStatusCode.Conflict);
        response.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json");
        (await response.Content.ReadFromJsonAsync<ProblemDetails>())!.Detail.Should().Be("route: the host name cannot be routed");
        view.Should().BeEquivalentTo(new { Space = (object?)null, Status = SagaStatus.Compensated });
        view!.History[^1].Event.Should().Be(SagaEvent.Compensated);
    }

    [Fact]
    public async Task A_space_that_takes_longer_has_a_status_and_a_diagram()
    {
        await using var server = await SpaceServer.StartAsync(wait: "0.5");

        var response = await server.PostAsync("slow-shard-ann");
        var address = response.Headers.Location!.OriginalString;
        var meanwhile = await UntilAsync(server, address, view => view is { Status: SagaStatus.Running, Position: "shard" });
        var diagram = await server.Http.GetStringAsync(address + "/diagram");
        var end = await UntilAsync(server, address, view => view is { Status: SagaStatus.Completed });

        response.StatusCode.Should().Be(HttpStatusCode.Accepted);
        meanwhile.Space!.Name.Should().Be("slow-shard-ann");
        diagram.Should().StartWith("flowchart").And.Contain("here");
        end.Space!.Should().NotBeNull();
        end.History.Select(entry => entry.Number).Should().Equal(Enumerable.Range(1, end.History.Count));
    }

    [Fact]
    public async Task What_makes_no_sense_is_answered_by_what_is_wrong()
    {
        await using var server = await SpaceServer.StartAsync();

        var response = await server.PostAsync("Ann!", "1");
        var unknown = await server.Http.GetAsync(new Uri($"/spaces/{Guid.NewGuid()}", UriKind.Relative));

        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        (await response.Content.ReadAsStringAsync()).Should().ContainAll("name", "Idempotency-Key");
        unknown.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("61")]
    [InlineData("long")]
    public void A_wait_that_makes_no_sense_is_refused(string wait)
    {
        var build = () => Program.Build(["--wait", wait]);

        build.Should().Throw<SettingsException>().WithMessage($"--wait {wait}:*");
    }

    private static async Task<SpaceView> UntilAsync(SpaceServer server, string address, Func<SpaceView, bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (true)
        {
            if (await ViewAsync(server, address, limit.Token) is { } view && condition(view))
            {
                return view;
            }

            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Null if the saga has not begun.</summary>
    private static async Task<SpaceView?> ViewAsync(SpaceServer server, string address, CancellationToken cancellationToken = default)
    {
        using var response = await server.Http.GetAsync(new Uri(address, UriKind.Relative), cancellationToken);
        return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<SpaceView>(Json, cancellationToken) : null;
    }
}
