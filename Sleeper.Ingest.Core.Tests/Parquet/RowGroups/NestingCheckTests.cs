using Sleeper.Ingest.Core.Parquet;
using Sleeper.Ingest.Core.Parquet.Metadata;
using Sleeper.Ingest.Core.Parquet.RowGroups;
using Sleeper.Ingest.Core.Parquet.Schemas;

namespace Sleeper.Ingest.Core.Tests.Parquet.RowGroups;

public sealed class NestingCheckTests
{
    private static readonly LeafColumn List = LeafOf(SchemaNode.List("list", Repetition.Optional, Number(Repetition.Optional)));

    private static readonly LeafColumn ListOfLists = LeafOf(SchemaNode.List("outer", Repetition.Optional, SchemaNode.List("inner", Repetition.Optional, Number(Repetition.Required))));

    [Theory]
    [InlineData(new byte[] { 0, 1, 1, 0, 0, 0, 1 }, new byte[] { 3, 2, 3, 1, 0, 2, 2 })] // elements, null ones too; an empty list; none; nulls only
    [InlineData(new byte[] { 0 }, new byte[] { 0 })]
    public void Levels_of_lists_are_taken(byte[] repetition, byte[] definition) => new NestingCheck(List).Check(repetition, definition);

    [Theory]
    [InlineData(new byte[] { 0, 1 }, new byte[] { 1, 3 })] // an element behind an empty list
    [InlineData(new byte[] { 0, 1 }, new byte[] { 3, 1 })] // an empty list behind an element
    [InlineData(new byte[] { 0, 0, 1 }, new byte[] { 3, 0, 2 })]
    public void A_list_that_goes_on_without_an_element_is_refused(byte[] repetition, byte[] definition)
    {
        var fault = Assert.Throws<ParquetFormatException>(() => new NestingCheck(List).Check(repetition, definition));
        Assert.Contains("repetition level 1", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 0, 2, 1, 1, 2 }, new byte[] { 4, 4, 3, 4, 4 }, true)] // [[1, 2], [], [3, 4]]
    [InlineData(new byte[] { 0, 1, 2 }, new byte[] { 4, 3, 4 }, false)] // the inner list that goes on is empty
    [InlineData(new byte[] { 0, 1 }, new byte[] { 1, 3 }, false)] // the outer one is
    public void Each_list_in_a_list_is_looked_at(byte[] repetition, byte[] definition, bool isGood)
    {
        var fault = Record.Exception(() => new NestingCheck(ListOfLists).Check(repetition, definition));
        Assert.Equal(isGood, fault is null);
    }

    [Fact]
    public void Pieces_of_any_length_agree_with_a_look_at_each_entry()
    {
        var random = new Random(5);
        for (int round = 0; round < 3_000; round++)
        {
            byte[] repetition = new byte[random.Next(1, 150)];
            byte[] definition = new byte[repetition.Length];
            for (int i = 0; i < repetition.Length; i++)
            {
                repetition[i] = (byte)(i == 0 ? 0 : random.Next(2));
                definition[i] = (byte)random.Next(2, 4);
            }

            definition[random.Next(definition.Length)] = (byte)random.Next(4);
            bool isGood = Enumerable.Range(1, repetition.Length - 1).All(i => repetition[i] == 0 || (definition[i] >= 2 && definition[i - 1] >= 2));
            var check = new NestingCheck(List);
            int cut = random.Next(repetition.Length);
            var fault = Record.Exception(() =>
            {
                check.Check(repetition.AsSpan(0, cut), definition.AsSpan(0, cut));
                check.Check(repetition.AsSpan(cut), definition.AsSpan(cut));
            });
            Assert.Equal(isGood, fault is null);
        }
    }

    private static SchemaNode Number(Repetition repetition) => SchemaNode.Primitive("element", repetition, PhysicalType.Int32);

    private static LeafColumn LeafOf(SchemaNode field) => new ParquetSchema("made", [field]).Columns[0];
}
