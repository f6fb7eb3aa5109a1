using System.Buffers;
using System.Text;
using Messaging.Toolkit.Configuration;
using Messaging.Toolkit.Messages;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class InternalMessagesTests
{
    [Fact]
    public void They_are_registered_everywhere_and_transports_do_not_hear_of_them()
    {
        var services = new ServiceCollection().AddMessaging(m => m.Stores.Add("none"));
        var model = (MessagingModel)services.Single(service => service.ServiceType == typeof(MessagingModel)).ImplementationInstance!;

        model.Registry.Find(Answer.Name)!.ClrType.Should().Be<Answer>();
        model.ToTopology("in-process").Types.Should().BeEmpty();
    }

    [Fact]
    public void Their_names_are_ones_that_no_application_has()
        => InternalMessages.All.Should().OnlyContain(type => type.Name.StartsWith(InternalMessages.Prefix) && Names.Refuse(type.Name) == null).And.NotBeEmpty();

    [Fact]
    public void An_answer_is_written_as_it_always_was()
    {
        var type = InternalMessages.All.Single(type => type.ClrType == typeof(Answer));
        var output = new ArrayBufferWriter<byte>();

        type.Serializer.Serialize(new Answer(Handled: false, "its handler failed"), typeof(Answer), output);

        Encoding.UTF8.GetString(output.WrittenSpan).Should().Be("""{"handled":false,"reason":"its handler failed"}""", "other versions read it");
        type.Serializer.Deserialize(output.WrittenSpan, typeof(Answer)).Should().Be(new Answer(false, "its handler failed"));
    }
}
