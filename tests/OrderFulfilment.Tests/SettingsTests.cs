using Messaging.Toolkit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;

namespace OrderFulfilment.Tests;

/// <summary>What the sample can be started with.</summary>
public sealed class SettingsTests
{
    private static readonly string[] Defaults =
    [
        "--ConnectionStrings:Sqlite", "Data Source=x.db", "--ConnectionStrings:Postgres", "Host=x", "--ConnectionStrings:RabbitMQ", "amqp://ann:secret@rabbit/shop", "--ConnectionStrings:Kafka", "kafka-1:9092,kafka-2:9092",
    ];

    [Fact]
    public void Without_arguments_everything_runs_in_this_process_on_SQLite()
    {
        var settings = Read();

        settings.Database.Should().Be("sqlite");
        settings.ConnectionString.Should().Be("Data Source=x.db");
        settings.Broker.Should().BeNull();
        settings.Endpoints.Should().Equal("ordering", "stock", "payment", "shipping");
    }

    [Fact]
    public void Everything_can_be_chosen()
    {
        var settings = Read("--database", "postgres", "--transport", "rabbitmq", "--prefix", "eu.", "--endpoints", "stock, shipping,stock");

        settings.ConnectionString.Should().Be("Host=x");
        settings.Broker.Should().Be(new RabbitMQBroker(new Uri("amqp://ann:secret@rabbit/shop"), "eu."));
        settings.Endpoints.Should().Equal("stock", "shipping");
    }

    [Fact]
    public void Kafka_is_another_broker()
        => Read("--transport", "kafka", "--prefix", "eu.").Broker.Should().Be(new KafkaBroker("kafka-1:9092,kafka-2:9092", "eu."));

    [Fact]
    public void All_endpoints_are_those_that_are_configured()
        => Build("--transport", "kafka", "--endpoints", string.Join(',', OrderFulfilmentServices.Endpoints)).Should().NotBeNull();

    [Theory]
    [InlineData("--database", "oracle")]
    [InlineData("--transport", "pigeon")]
    [InlineData("--transport", "")]
    [InlineData("--endpoints", "stock,warehouse")]
    [InlineData("--endpoints", "")]
    public void A_setting_that_there_is_not_is_refused(string option, string value)
    {
        var build = () => Build(option, value);

        build.Should().Throw<SettingsException>().WithMessage($"{option} {value}:*");
    }

    [Fact]
    public void Endpoints_of_other_processes_need_a_broker()
    {
        var build = () => Build("--endpoints", "stock");

        build.Should().Throw<SettingsException>().WithMessage("--endpoints stock:*--transport rabbitmq*");
    }

    [Theory]
    [InlineData("")]
    [InlineData("rabbit:secret")]
    [InlineData("http://ann:secret@rabbit")]
    public void An_address_that_is_none_of_a_broker_is_refused_and_not_shown(string address)
    {
        var build = () => Build("--transport", "rabbitmq", "--ConnectionStrings:RabbitMQ", address);

        build.Should().Throw<SettingsException>().WithMessage("*ConnectionStrings:RabbitMQ*").Which.Message.Should().NotContain("secret");
    }

    [Fact]
    public void Kafka_without_an_address_is_refused()
    {
        var build = () => Build("--transport", "kafka", "--ConnectionStrings:Kafka", " ");

        build.Should().Throw<SettingsException>().WithMessage("*ConnectionStrings:Kafka*");
    }

    [Theory]
    [InlineData("rabbitmq")]
    [InlineData("kafka")]
    public void A_prefix_that_the_broker_would_not_take_is_refused(string transport)
    {
        var build = () => Build("--transport", transport, "--prefix", "a b");

        build.Should().Throw<MessagingConfigurationException>().WithMessage("*Prefix*");
    }

    [Theory]
    [InlineData("ordering", true)]
    [InlineData("stock,payment,shipping", false)]
    public void Orders_are_taken_where_ordering_runs(string endpoints, bool areTaken)
    {
        IEndpointRouteBuilder app = Build("--transport", "rabbitmq", "--endpoints", endpoints);

        var routes = app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>().Select(route => route.RoutePattern.RawText).ToList();

        routes.Contains("/orders").Should().Be(areTaken);
        routes.Should().Contain("/health");
    }

    private static Settings Read(params string[] args) => Settings.Read(new ConfigurationBuilder().AddCommandLine([.. Defaults, .. args]).Build(), OrderFulfilmentServices.Endpoints);

    private static WebApplication Build(params string[] args) => Program.Build(args);
}
