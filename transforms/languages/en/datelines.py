"""English words of datelines, in AP style and as postal codes."""

from transforms.languages.base import DatelineWords, words

DATELINES = DatelineWords(
    regions=words(
        "Ala. Ariz. Ark. Calif. Colo. Conn. Del. Fla. Ga. Ill. Ind. Kan. Kans. Ky. La. Md. Mass. Mich. Minn. Miss."
        " Mo. Mont. Neb. Nebr. Nev. N.H. N.J. N.M. N.Y. N.C. N.D. Okla. Ore. Pa. Penn. R.I. S.C. S.D. Tenn. Tex. Vt."
        " Va. Wash. W.Va. Wis. Wisc. Wyo. D.C. B.C. Alta. Sask. Man. Ont. Que. N.B. N.S. P.E.I. N.L. Nfld. N.W.T."
        " N.S.W. Vic. Qld. Tas. W.A. S.A. AL AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT"
        " NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC BC AB SK MB ON QC NB NS NSW QLD"
        " U.S. U.K. UK USA U.S.A. UAE U.A.E."
    ),
    shortened=words("st ft mt pt"),
    connectors=words("in on of the upon am and"),
    joints=("and",),
    ordinals=("st", "nd", "rd", "th"),
    aboard=("ABOARD", "ON BOARD"),
    openers=words("The A An In On At It As After Two Three Four Five When While"),
    sections=words(
        "advertisement analysis august best breaking brief briefs business chapter comment correction editor"
        " editorial exclusive explainer fact file health letter letters live local march may media mobile nation"
        " national news note notice obituary opinion part photo photos police politics poll profile public quote"
        " reading region review science section sport sports state story summary sunday today university update"
        " updated video watch weather world"
    ),
)
