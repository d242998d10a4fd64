using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace Sleeper.Ingest.Core.Tests.Architecture;

/// <summary>Walks the instructions of a method body (ECMA-335, partition III) and collects the tokens they refer to.</summary>
internal static class IntermediateCode
{
    private static readonly Dictionary<int, OpCode> Instructions = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value);

    public static List<EntityHandle> Operands(BlobReader code)
    {
        var operands = new List<EntityHandle>();
        Walk(code, (_, _, operand) =>
        {
            if (operand is { } token)
            {
                operands.Add(MetadataTokens.EntityHandle(token));
            }
        });
        return operands;
    }

    /// <summary>Where an instruction stands, counted from the first byte of the code.</summary>
    public static List<int> OffsetsOf(BlobReader code, OpCode wanted)
    {
        var offsets = new List<int>();
        Walk(code, (offset, instruction, _) =>
        {
            if (instruction == wanted)
            {
                offsets.Add(offset);
            }
        });
        return offsets;
    }

    /// <summary>Calls back with the place of each instruction, itself, and the token that it refers to, if it does.</summary>
    private static void Walk(BlobReader code, Action<int, OpCode, int?> visit)
    {
        while (code.RemainingBytes > 0)
        {
            // Two-byte instructions begin with FE.
            int offset = code.Offset;
            int value = code.ReadByte();
            if (value == 0xFE)
            {
                value = (value << 8) | code.ReadByte();
            }

            int? token = null;
            var operandType = Instructions[value].OperandType;
            switch (operandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    token = code.ReadInt32();
                    break;
                case OperandType.InlineSwitch:
                    int targetCount = code.ReadInt32();
                    code.Offset += 4 * targetCount;
                    break;
                default:
                    code.Offset += OperandLength(operandType);
                    break;
            }

            visit(offset, Instructions[value], token);
        }
    }

    private static int OperandLength(OperandType type) => type switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };
}
