using System.Text;
using Messaging.Toolkit.Messages;

namespace Messaging.Toolkit.Tests.Messages;

public sealed class UnicodeTextTests
{
    [Fact]
    public void Text_is_valid_if_and_only_if_it_survives_its_encoding()
    {
        var random = new Random(1);
        char[] characters = ['a', 'ä', '\uD7FF', '\uD800', '\uDBFF', '\uDC00', '\uDFFF', '\uE000', '\uFFFF', '\0'];
        for (var i = 0; i < 20_000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(7)).Select(_ => characters[random.Next(characters.Length)])]);

            UnicodeText.IsValid(text).Should().Be(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) == text);
        }
    }
}
